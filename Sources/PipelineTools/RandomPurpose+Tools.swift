// SPDX-License-Identifier: Apache-2.0

import Tensors

extension RandomPurpose {
    /// Which part of a split an image goes to.
    static let splitByImage = RandomPurpose(rawValue: 100)
}
