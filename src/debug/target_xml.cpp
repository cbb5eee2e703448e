#include "debug/target_xml.h"

namespace dragoman::debug {

namespace {

/// Types that gdb does not know by itself and that a feature which uses them must define.
struct CompoundType {
    std::string_view name, definition;
};
constexpr CompoundType kCompoundTypes[] = {
    {"riscv_double",
     "<union id=\"riscv_double\"><field name=\"float\" type=\"ieee_single\"/>"
     "<field name=\"double\" type=\"ieee_double\"/></union>\n"},
};

void define_types(std::string& xml, std::span<const guest::RegisterInfo> registers, std::string_view feature) {
    for (const CompoundType& type : kCompoundTypes) {
        for (const guest::RegisterInfo& r : registers) {
            if (r.feature != feature || r.type != type.name) continue;
            xml += type.definition;
            break;
        }
    }
}

}  // namespace

std::string target_xml(const char* architecture, std::span<const guest::RegisterInfo> registers) {
    std::string xml =
        "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n<target version=\"1.0\">\n"
        "<architecture>" +
        std::string(architecture) + "</architecture>\n<osabi>GNU/Linux</osabi>\n";
    std::string_view feature;
    for (const guest::RegisterInfo& r : registers) {
        if (r.feature != feature) {
            if (!feature.empty()) xml += "</feature>\n";
            feature = r.feature;
            xml += "<feature name=\"" + std::string(feature) + "\">\n";
            define_types(xml, registers, feature);
        }
        xml += "<reg name=\"" + std::string(r.name) + "\" bitsize=\"" + std::to_string(r.bits) + "\" type=\"" +
               std::string(r.type) + "\" regnum=\"" + std::to_string(r.number) + "\"/>\n";
    }
    if (!feature.empty()) xml += "</feature>\n";
    return xml + "</target>\n";
}

}  // namespace dragoman::debug
