// SMBIOS: structures as a reader walks them, and the options that change them.
#include "machine/smbios.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "base/error.h"
#include "unit/machine/firmware_files.h"

namespace dragoman::machine {
namespace {

struct Parsed {
    std::vector<u8> area;
    std::vector<std::string> strings;

    std::string text(std::size_t at) const {
        const unsigned number = area.at(at);
        return number == 0 ? "" : strings.at(number - 1);
    }
    u64 number(std::size_t at, unsigned bytes) const {
        u64 value = 0;
        std::memcpy(&value, area.data() + at, bytes);
        return value;
    }
};

struct SmbiosTest : ::testing::Test {
    /// The structures that a machine with `options` has, by type.
    std::map<unsigned, Parsed> offer(const std::vector<std::string>& texts) {
        std::vector<Properties> options;
        for (const std::string& text : texts) {
            options.emplace_back("-smbios", text);
            check_smbios(options.back());
        }
        Firmware firmware;
        offer_smbios(machine, options, firmware.device);
        std::map<std::string, std::vector<u8>> files = firmware.files();
        const std::vector<u8>&tables = files["etc/smbios/smbios-tables"], &anchor = files["etc/smbios/smbios-anchor"];
        EXPECT_EQ(anchor.size(), 24u);
        u8 sum = 0;
        for (u8 byte : anchor) sum = static_cast<u8>(sum + byte);
        EXPECT_EQ(sum, 0);
        u32 length;
        std::memcpy(&length, anchor.data() + 12, 4);
        EXPECT_EQ(length, tables.size());
        std::map<unsigned, Parsed> found;
        for (std::size_t at = 0; at < tables.size();) {
            Parsed parsed;
            const u8 type = tables[at], bytes = tables[at + 1];
            parsed.area.assign(tables.begin() + static_cast<std::ptrdiff_t>(at),
                               tables.begin() + static_cast<std::ptrdiff_t>(at + bytes));
            at += bytes;
            while (tables.at(at) != 0) {
                parsed.strings.emplace_back(reinterpret_cast<const char*>(tables.data() + at));
                at += parsed.strings.back().size() + 1;
            }
            at += parsed.strings.empty() ? 2 : 1;
            found[type] = parsed;
        }
        return found;
    }
    std::string message(const std::string& text) {
        try {
            check_smbios(Properties("-smbios", text));
        } catch (const FatalError& error) {
            return error.what();
        }
        return "";
    }

    SmbiosMachine machine{"virt", 2, 0x201, 0x80000000, u64{1} << 30, std::nullopt};
};

TEST_F(SmbiosTest, SaysWhatTheMachineIs) {
    auto tables = offer({});
    EXPECT_FALSE(tables.contains(0));
    EXPECT_FALSE(tables.contains(2));
    ASSERT_TRUE(tables.contains(1) && tables.contains(3) && tables.contains(4) && tables.contains(127));
    EXPECT_EQ(tables[1].text(4), "QEMU");
    EXPECT_EQ(tables[1].text(5), "QEMU Virtual Machine");
    EXPECT_EQ(tables[1].text(6), "virt");
    EXPECT_EQ(tables[4].text(4), "CPU 0");
    EXPECT_EQ(tables[4].number(40, 2), 0x201u);
    EXPECT_EQ(tables[4].number(42, 2), 2u);
    EXPECT_EQ(tables[16].number(7, 4), u64{1} << 20);
    EXPECT_EQ(tables[17].number(12, 2), 1024u);
    EXPECT_EQ(tables[19].number(4, 4), 0x80000000u >> 10);
    EXPECT_EQ(tables[19].number(8, 4), (0xc0000000u >> 10) - 1);
}

TEST_F(SmbiosTest, LargeMemoryTakesTheLongFields) {
    machine.ram_bytes = u64{3} << 41;
    auto tables = offer({});
    EXPECT_EQ(tables[16].number(7, 4), 0x80000000u);
    EXPECT_EQ(tables[16].number(15, 8), u64{3} << 41);
    EXPECT_EQ(tables[17].number(12, 2), 0x7fffu);
    EXPECT_EQ(tables[17].number(28, 4), u64{3} << 21);
    EXPECT_EQ(tables[19].number(4, 4), 0xffffffffu);
    EXPECT_EQ(tables[19].number(23, 8), 0x80000000u + (u64{3} << 41) - 1);
}

TEST_F(SmbiosTest, OptionsChangeIt) {
    machine.uuid = parse_uuid("00112233-4455-6677-8899-aabbccddeeff");
    auto tables =
        offer({"type=1,manufacturer=Acme,serial=S1", "type=1,product=Rocket", "type=0,vendor=V,release=4.7,uefi=on",
               "type=11,value=first,value=second", "type=4,max-speed=3000"});
    EXPECT_EQ(tables[1].text(4), "Acme");
    EXPECT_EQ(tables[1].text(5), "Rocket");
    EXPECT_EQ(tables[1].text(7), "S1");
    const u8 uuid[16] = {0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
    EXPECT_EQ(std::memcmp(tables[1].area.data() + 8, uuid, 16), 0);
    EXPECT_EQ(tables[0].text(4), "V");
    EXPECT_EQ(tables[0].area[0x14], 4);
    EXPECT_EQ(tables[0].area[0x15], 7);
    EXPECT_EQ(tables[11].area[4], 2);
    EXPECT_EQ(tables[11].strings, (std::vector<std::string>{"first", "second"}));
    EXPECT_EQ(tables[4].number(0x14, 2), 3000u);
    tables = offer({"type=1,uuid=ffeeddcc-bbaa-9988-7766-554433221100"});
    EXPECT_EQ(tables[1].area[8], 0xcc);
}

TEST_F(SmbiosTest, BadOptionsAreNamed) {
    EXPECT_EQ(message("vendor=x"), "-smbios: needs type=NUMBER or file=FILE");
    EXPECT_EQ(message("type=99"), "-smbios: type=99: there is 0, 1, 2, 3, 4, 11, 17");
    EXPECT_EQ(message("type=1,uuid=12"), "-smbios: uuid=12: not a UUID");
    EXPECT_EQ(message("type=0,release=x"), "-smbios: release=x: not of the form MAJOR.MINOR");
    EXPECT_NE(message("type=1,colour=red").find("colour"), std::string::npos);
}

TEST(Uuids, AreReadAndWritten) {
    const char* text = "550e8400-e29b-41d4-a716-446655440000";
    ASSERT_TRUE(parse_uuid(text));
    EXPECT_EQ(format_uuid(*parse_uuid(text)), text);
    EXPECT_TRUE(parse_uuid("550E8400-E29B-41D4-A716-446655440000"));
    for (const char* bad :
         {"", "550e8400", "550e8400-e29b-41d4-a716-44665544000g", "550e8400e29b-41d4-a716-4466554400000"})
        EXPECT_FALSE(parse_uuid(bad)) << bad;
}

}  // namespace
}  // namespace dragoman::machine
