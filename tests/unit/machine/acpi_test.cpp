// ACPI: the machine language against encodings worked out by hand from the specification (ACPI 6.5 §20.2), tables and
// the loader's commands as firmware carries them out, and the user's own tables.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <map>

#include "base/error.h"
#include "machine/acpi/aml.h"
#include "machine/acpi/tables.h"
#include "machine/acpi/user_table.h"
#include "unit/machine/firmware_files.h"

namespace dragoman::machine::acpi {
namespace {

TEST(Aml, Integers) {
    EXPECT_EQ(aml::integer(0), (Bytes{0x00}));
    EXPECT_EQ(aml::integer(1), (Bytes{0x01}));
    EXPECT_EQ(aml::integer(0xff), (Bytes{0x0a, 0xff}));
    EXPECT_EQ(aml::integer(0x100), (Bytes{0x0b, 0x00, 0x01}));
    EXPECT_EQ(aml::integer(0x10000), (Bytes{0x0c, 0, 0, 1, 0}));
    EXPECT_EQ(aml::integer(u64{1} << 32), (Bytes{0x0e, 0, 0, 0, 0, 1, 0, 0, 0}));
}

TEST(Aml, Names) {
    EXPECT_EQ(aml::name_string("_HID"), (Bytes{'_', 'H', 'I', 'D'}));
    EXPECT_EQ(aml::name_string("\\_SB"), (Bytes{'\\', '_', 'S', 'B', '_'}));
    EXPECT_EQ(aml::name_string("\\_SB.PCI0"), (Bytes{'\\', 0x2e, '_', 'S', 'B', '_', 'P', 'C', 'I', '0'}));
    EXPECT_EQ(aml::name_string("A.B.C"), (Bytes{0x2f, 3, 'A', '_', '_', '_', 'B', '_', '_', '_', 'C', '_', '_', '_'}));
}

TEST(Aml, LengthsOfAllSizes) {
    for (std::size_t bytes : {0u, 1u, 50u, 59u, 60u, 61u, 62u, 4080u, 4090u, 4093u, 4094u, 70000u}) {
        Bytes contents(bytes, 0x55);
        Bytes term = aml::scope("X", {contents});
        // §20.2.4: the length counts from its own first byte to the end of the term.
        u64 length = term[1] & 0x3f;
        unsigned more = term[1] >> 6;
        if (more != 0) {
            length = term[1] & 0xf;
            for (unsigned i = 0; i < more; i++) length |= u64{term[2 + i]} << (4 + 8 * i);
        }
        EXPECT_EQ(length, term.size() - 1) << bytes;
        EXPECT_EQ(std::memcmp(term.data() + 2 + more, "X___", 4), 0) << bytes;
    }
}

TEST(Aml, Uuids) {
    EXPECT_EQ(aml::uuid("33db4d5b-1ff7-401c-9657-7441c03dd766"),
              (Bytes{0x11, 0x13, 0x0a, 0x10, 0x5b, 0x4d, 0xdb, 0x33, 0xf7, 0x1f,
                     0x1c, 0x40, 0x96, 0x57, 0x74, 0x41, 0xc0, 0x3d, 0xd7, 0x66}));
}

TEST(Aml, Resources) {
    EXPECT_EQ(
        aml::resources({aml::memory32(0x10000000, 0x100), aml::interrupt(10)}),
        (Bytes{0x11, 26, 0x0a, 23, 0x86, 9, 0, 1, 0, 0, 0, 0x10, 0, 1, 0, 0, 0x89, 6, 0, 1, 1, 10, 0, 0, 0, 0x79, 0}));
    EXPECT_EQ(aml::bus_numbers(0, 255), (Bytes{0x88, 13, 0, 2, 0x0c, 0, 0, 0, 0, 0, 0xff, 0, 0, 0, 0, 1}));
    Bytes window = aml::memory_window64(u64{0x4} << 32, (u64{0x8} << 32) - 1);
    EXPECT_EQ(window.size(), 46u);
    EXPECT_EQ(window[0], 0x8a);
    EXPECT_EQ(window[1], 0x2b);
}

TEST(Aml, Methods) {
    EXPECT_EQ(aml::method("_CBA", 0, {aml::returns(aml::integer(0x30000000))}),
              (Bytes{0x14, 12, '_', 'C', 'B', 'A', 0, 0xa4, 0x0c, 0, 0, 0, 0x30}));
    EXPECT_EQ(
        aml::if_true(aml::differ(aml::argument(1), aml::integer(1)), {aml::store(aml::local(0), aml::argument(3))}),
        (Bytes{0xa0, 8, 0x92, 0x93, 0x69, 0x01, 0x70, 0x60, 0x6b}));
}

/// Firmware that links what it finds.
struct Linker : Firmware {
    /// Carries out the commands with files placed from 0x1000000 on.
    std::map<std::string, Bytes> load(std::map<std::string, u64>& places) {
        std::map<std::string, Bytes> all = files();
        const Bytes commands = all["etc/table-loader"];
        EXPECT_EQ(commands.size() % 128, 0u);
        u64 next = 0x1000000;
        auto name = [&](std::size_t at) { return std::string(reinterpret_cast<const char*>(commands.data() + at)); };
        auto word = [&](std::size_t at) {
            u32 value;
            std::memcpy(&value, commands.data() + at, sizeof value);
            return value;
        };
        for (std::size_t at = 0; at < commands.size(); at += 128) {
            Bytes& file = all[name(at + 4)];
            switch (word(at)) {
                case 1: next = places[name(at + 4)] = align_up(next, word(at + 60)), next += file.size(); break;
                case 2: {
                    u64 value = 0;
                    const u8 bytes = commands[at + 120];
                    EXPECT_LE(word(at + 116) + bytes, file.size());
                    std::memcpy(&value, file.data() + word(at + 116), bytes);
                    value += places.at(name(at + 60));
                    std::memcpy(file.data() + word(at + 116), &value, bytes);
                    break;
                }
                case 3: {
                    u8 sum = 0;
                    for (u32 i = 0; i < word(at + 68); i++) sum = static_cast<u8>(sum + file[word(at + 64) + i]);
                    file[word(at + 60)] = static_cast<u8>(file[word(at + 60)] - sum);
                    break;
                }
                default: ADD_FAILURE() << "command " << word(at);
            }
        }
        return all;
    }
};

u8 sum_of(const Bytes& bytes, std::size_t at, std::size_t count) {
    u8 sum = 0;
    for (std::size_t i = 0; i < count; i++) sum = static_cast<u8>(sum + bytes[at + i]);
    return sum;
}

TEST(AcpiTables, AreLinkedByTheLoader) {
    Linker firmware;
    TableSet tables;
    const u32 definitions = tables.add("DSDT", 2, Bytes(13, 7));  // of a length that needs padding
    const u32 fixed = add_fixed_description(tables, definitions);
    const u32 space = add_configuration_space(tables, 0x30000000);
    const u32 console = add_console(tables, 0x10000000, 0x10, 10);
    tables.finish({fixed, space, console}, firmware.device);

    std::map<std::string, u64> places;
    std::map<std::string, Bytes> files = firmware.load(places);
    const Bytes &root = files["etc/acpi/rsdp"], &blob = files["etc/acpi/tables"];
    ASSERT_EQ(root.size(), 36u);
    EXPECT_EQ(std::memcmp(root.data(), "RSD PTR ", 8), 0);
    EXPECT_EQ(sum_of(root, 0, 20), 0);
    EXPECT_EQ(sum_of(root, 0, 36), 0);
    auto number = [&](const Bytes& bytes, std::size_t at, unsigned count) {
        u64 value = 0;
        std::memcpy(&value, bytes.data() + at, count);
        return value;
    };
    const u64 base = places["etc/acpi/tables"];
    const u64 list = number(root, 24, 8) - base;
    ASSERT_LE(list + 36 + 24, blob.size());
    EXPECT_EQ(std::memcmp(blob.data() + list, "XSDT", 4), 0);
    EXPECT_EQ(number(blob, list + 4, 4), 36u + 24);
    std::string signatures;
    for (unsigned i = 0; i < 3; i++) {
        const u64 at = number(blob, list + 36 + 8 * i, 8) - base;
        ASSERT_LT(at, blob.size());
        signatures += std::string(reinterpret_cast<const char*>(blob.data() + at), 4) + " ";
        EXPECT_EQ(sum_of(blob, at, number(blob, at + 4, 4)), 0);
    }
    EXPECT_EQ(signatures, "FACP MCFG SPCR ");
    const u64 block = number(blob, fixed + 140, 8) - base;
    EXPECT_EQ(number(blob, fixed + 40, 4) - base, block);
    EXPECT_EQ(std::memcmp(blob.data() + block, "DSDT", 4), 0);
    EXPECT_EQ(number(blob, fixed + 112, 4), u64{1} << 20);  // hardware-reduced
    EXPECT_EQ(number(blob, fixed + 4, 4), 276u);
    EXPECT_EQ(number(blob, space + 44, 8), 0x30000000u);
    EXPECT_EQ(number(blob, console + 4, 4), 90u);
    EXPECT_EQ(number(blob, console + 44, 8), 0x10000000u);
    EXPECT_EQ(number(blob, console + 54, 4), 10u);
}

struct UserTable : ::testing::Test {
    UserTable() { std::ofstream(path, std::ios::binary) << "contents"; }
    ~UserTable() override { unlink(path.c_str()); }
    std::string message(const std::string& text) {
        try {
            read_user_table(Properties("-acpitable", text));
        } catch (const FatalError& error) {
            return error.what();
        }
        return "";
    }
    std::string path = "/tmp/dragoman-acpi-" + std::to_string(getpid());
};

TEST_F(UserTable, DataGetsAHeader) {
    const Bytes table =
        read_user_table(Properties("-acpitable", "sig=OEM1,rev=3,oem_id=ME,oem_rev=0x1234,data=" + path + ":" + path));
    ASSERT_EQ(table.size(), 36u + 16);
    EXPECT_EQ(std::memcmp(table.data(), "OEM1", 4), 0);
    EXPECT_EQ(table[4], 52);
    EXPECT_EQ(table[8], 3);
    EXPECT_EQ(std::memcmp(table.data() + 10, "ME\0\0\0\0BXPC    \x34\x12", 16), 0);
    EXPECT_EQ(std::memcmp(table.data() + 36, "contentscontents", 16), 0);
}

TEST_F(UserTable, BadOnesAreNamed) {
    EXPECT_EQ(message(""), "-acpitable: needs file= or data=");
    EXPECT_EQ(message("data=" + path), "-acpitable: data= needs sig=");
    EXPECT_EQ(message("sig=TOOLONG,data=" + path), "-acpitable: sig=TOOLONG: has 4 characters");
    EXPECT_EQ(message("file=" + path), "-acpitable: file=" + path + ": shorter than a table's header");
    EXPECT_NE(message("sig=OEM1,data=/nonexistent/x").find("/nonexistent/x"), std::string::npos);
    EXPECT_NE(message("sig=OEM1,colour=red,data=" + path).find("colour"), std::string::npos);
}

}  // namespace
}  // namespace dragoman::machine::acpi
