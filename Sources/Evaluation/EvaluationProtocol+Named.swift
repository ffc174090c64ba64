// SPDX-License-Identifier: Apache-2.0

import Imaging

extension EvaluationProtocol {
    /// The LR image as an 8-bit RGB file made by MATLAB has it: the LR files of Set5 and Set14.
    package static let rgb8 = EvaluationProtocol(
        name: "rgb8", route: .colourBytes, kernel: .matlabBicubic, border: .clamp)

    /// The authors' demo code of SRCNN and FSRCNN under today's MATLAB.
    package static let yDouble = EvaluationProtocol(
        name: "y-double", route: .lumaDouble, kernel: .matlabBicubic, border: .mirror)

    /// The authors' demo code under the MATLAB of their time.
    package static let yDoubleClamp = EvaluationProtocol(
        name: "y-double-clamp", route: .lumaDouble, kernel: .matlabBicubic, border: .clamp)

    /// `y-double` without the shave.
    package static let yDoubleWhole = EvaluationProtocol(
        name: "y-double-whole", route: .lumaDouble, isShaved: false, kernel: .matlabBicubic, border: .mirror)

    /// MATLAB's LR files and luma of the 8-bit RGB result that is not rounded: BasicSR with `test_y_channel: true` and
    /// `crop_border` = scale (calculate_psnr and calculate_ssim of basicsr/metrics/psnr_ssim.py).
    package static let rgb8Unrounded = EvaluationProtocol(
        name: "rgb8-unrounded", route: .colourBytes, comparison: .unroundedLuma(.matlab), takesGreyAsColour: true,
        kernel: .matlabBicubic, border: .clamp)

    /// MATLAB's LR files and 8-bit RGB: BasicSR with `test_y_channel: false` and `crop_border` = scale.
    package static let rgb8RGB = EvaluationProtocol(
        name: "rgb8-rgb", route: .colourBytes, comparison: .colour, takesGreyAsColour: true, kernel: .matlabBicubic,
        border: .clamp)

    /// `rgb8-rgb` without the shave: BasicSR with `crop_border: 0`.
    package static let rgb8RGBWhole = EvaluationProtocol(
        name: "rgb8-rgb-whole", route: .colourBytes, comparison: .colour, isShaved: false, takesGreyAsColour: true,
        kernel: .matlabBicubic, border: .clamp)

    /// Pillow's LR, 8-bit luma and no shave, as scripts without MATLAB have it.
    package static let pillowY = EvaluationProtocol(
        name: "pillow-y", route: .colourBytes, isShaved: false, takesGreyAsColour: true, kernel: .pillowBicubic,
        border: .clamp)

    /// `pillow-y` with luma that is never rounded: `yjn870` without its resized HR and its red.
    package static let pillowYUnrounded = EvaluationProtocol(
        name: "pillow-y-unrounded", route: .colourBytes, comparison: .unroundedLuma(.matlab), isShaved: false,
        takesGreyAsColour: true, kernel: .pillowBicubic, border: .clamp)

    /// test.py, prepare.py and utils.py of yjn870/FSRCNN-pytorch: HR is resized, not cut, to a multiple of the scale,
    /// LR is Pillow's, luma is never rounded and weighs red too little, the output is clipped to 0...1, no shave.
    ///
    /// Lornatang/FSRCNN-PyTorch has the same luma and measure, on LR files and in half precision.
    package static let yjn870 = EvaluationProtocol(
        name: "yjn870", route: .colourBytes, comparison: .unroundedLuma(.yjn870), fit: .resized, isShaved: false,
        takesGreyAsColour: true, kernel: .pillowBicubic, border: .clamp)

    /// Pillow's LR, 8-bit RGB and no shave: tutorials for Keras.
    package static let pillowRGB = EvaluationProtocol(
        name: "pillow-rgb", route: .colourBytes, comparison: .colour, isShaved: false, takesGreyAsColour: true,
        kernel: .pillowBicubic, border: .clamp)

    /// OpenCV's LR, which is not antialiased, 8-bit luma and no shave.
    package static let openCVY = EvaluationProtocol(
        name: "opencv-y", route: .colourBytes, isShaved: false, takesGreyAsColour: true, kernel: .openCVCubic,
        border: .clamp)

    /// The strict ones first, then the loose ones of re-implementations.
    package static let all: [EvaluationProtocol] = [
        rgb8, yDouble, yDoubleClamp, yDoubleWhole, rgb8Unrounded, rgb8RGB, rgb8RGBWhole, pillowY, pillowYUnrounded,
        yjn870, pillowRGB, openCVY,
    ]

    /// The protocol called `name`, or nil.
    package init?(named name: String) {
        guard let found = EvaluationProtocol.all.first(where: { $0.name == name }) else { return nil }
        self = found
    }
}
