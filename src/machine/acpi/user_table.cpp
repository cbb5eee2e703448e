#include "machine/acpi/user_table.h"

#include <algorithm>
#include <string_view>

#include "machine/acpi/tables.h"
#include "machine/image_file.h"

namespace dragoman::machine::acpi {

namespace {

constexpr std::size_t kHeaderBytes = 36, kLengthAt = 4, kRevisionAt = 8;

/// A field of the header that holds text.
struct TextField {
    const char* name;
    std::size_t at, bytes;
};
constexpr TextField kTexts[] = {{"sig", 0, 4}, {"oem_id", 10, 6}, {"oem_table_id", 16, 8}, {"asl_compiler_id", 28, 4}};

struct NumberField {
    const char* name;
    std::size_t at;
};
constexpr NumberField kNumbers[] = {{"oem_rev", 24}, {"asl_compiler_rev", 32}};

void put(Bytes& table, std::size_t at, u64 value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++) table[at + i] = static_cast<u8>(value >> (8 * i));
}

/// The contents of "FILE[:FILE...]".
Bytes read_files(const Properties& properties, std::string_view names) {
    Bytes all;
    for (std::size_t begin = 0; begin <= names.size();) {
        std::size_t end = std::min(names.find(':', begin), names.size());
        Bytes part = ImageFile(properties.option(), std::string(names.substr(begin, end - begin))).all();
        all.insert(all.end(), part.begin(), part.end());
        begin = end + 1;
    }
    return all;
}

}  // namespace

std::vector<u8> read_user_table(Properties properties) {
    std::optional<std::string> whole = properties.take("file"), body = properties.take("data");
    if (whole.has_value() == body.has_value()) properties.fail("needs file= or data=");
    Bytes table;
    if (whole) {
        table = read_files(properties, *whole);
        if (table.size() < kHeaderBytes) properties.fail("file=" + *whole + ": shorter than a table's header");
    } else {
        table = Writer()
                    .zeros(kRevisionAt)
                    .u8s({1, 0})
                    .text(kOemId, 6)
                    .text(kOemTableId, 8)
                    .number(1, 4)
                    .text(kCompilerId, 4)
                    .number(1, 4)
                    .append(read_files(properties, *body))
                    .take();
        if (!properties.has("sig")) properties.fail("data= needs sig=");
    }
    for (const TextField& field : kTexts) {
        std::optional<std::string> text = properties.take(field.name);
        if (!text) continue;
        if (text->size() > field.bytes || (field.at == 0 && text->size() != field.bytes)) {
            properties.fail(std::string(field.name) + "=" + *text + ": has " + std::to_string(field.bytes) +
                            " characters" + (field.at == 0 ? "" : " at most"));
        }
        std::fill_n(table.begin() + static_cast<std::ptrdiff_t>(field.at), field.bytes, u8{0});
        std::copy(text->begin(), text->end(), table.begin() + static_cast<std::ptrdiff_t>(field.at));
    }
    for (const NumberField& field : kNumbers) {
        if (properties.has(field.name)) put(table, field.at, properties.take_number(field.name, 0, 0, ~u32{0}), 4);
    }
    if (properties.has("rev")) table[kRevisionAt] = static_cast<u8>(properties.take_number("rev", 0, 0, 255));
    properties.finish();
    put(table, kLengthAt, table.size(), 4);
    return table;
}

}  // namespace dragoman::machine::acpi
