// SPDX-License-Identifier: Apache-2.0

import Testing

/// All tests of the room, one at a time: libhdf5 serves one caller, so more would only wait.
@Suite(.serialized) struct TensorStoreTests {}
