#include "machine/boot_order.h"

#include "base/error.h"
#include "machine/image_file.h"

namespace dragoman::machine {

std::optional<u32> BootOrder::take(Properties& properties) const {
    constexpr std::string_view kName = "bootindex";
    constexpr u64 kMost = 0x7fffffff;
    if (std::optional<std::string> text = properties.take(kName); !text) return {};
    else if (text->starts_with('-') && text->size() > 1 && text->find_first_not_of("0123456789", 1) == text->npos)
        return {};
    else properties.set(std::string(kName), *text);
    const u32 index = static_cast<u32>(properties.take_number(kName, 0, 0, kMost));
    if (auto other = paths_.find(index); other != paths_.end())
        properties.fail("bootindex=" + std::to_string(index) + " has been used for " + other->second);
    return index;
}

std::vector<u8> BootOrder::file(bool strict) const {
    std::string text;
    for (const auto& [index, path] : paths_) text += (text.empty() ? "" : "\n") + path;
    if (text.empty()) return {};
    if (strict) text += "\nHALT";
    return {text.c_str(), text.c_str() + text.size() + 1};
}

BootSplash read_boot_splash(const std::string& path) {
    std::vector<u8> bytes = ImageFile("-boot splash", path).all();
    constexpr std::size_t kBmpHeaders = 30, kBitsAt = 28;
    if (bytes.size() >= 2 && bytes[0] == 0xff && bytes[1] == 0xd8) return {"bootsplash.jpg", std::move(bytes)};
    if (bytes.size() >= kBmpHeaders && bytes[0] == 'B' && bytes[1] == 'M' && bytes[kBitsAt] == 24)
        return {"bootsplash.bmp", std::move(bytes)};
    throw FatalError(1, "-boot splash=" + path + ": neither a JPEG picture nor a BMP one of 24 bits");
}

}  // namespace dragoman::machine
