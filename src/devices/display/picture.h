// Files of pictures: PNG (ISO/IEC 15948) and PPM.
#pragma once

#include <string>
#include <vector>

#include "devices/display/screen.h"

namespace dragoman::devices::display {

enum class PictureFormat : u8 { Ppm, Png };

std::vector<u8> encode_picture(const Frame& frame, PictureFormat format);
/// Writes `frame` to a file. @returns what went wrong; empty: nothing
std::string write_picture(const Frame& frame, PictureFormat format, const std::string& path);

}  // namespace dragoman::devices::display
