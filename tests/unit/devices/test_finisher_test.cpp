#include "devices/test_finisher.h"

#include "unit/devices/fixture.h"

namespace dragoman::devices {
namespace {

TEST(TestFinisher, EndsOrResetsTheMachine) {
    std::string log;
    TestFinisher device([&](TestFinisher::Action action, int status) {
        log += (action == TestFinisher::Action::Exit ? "exit " : "reset ") + std::to_string(status) + "\n";
    });
    Registers registers{device};
    registers.write(0, 0x5555);
    registers.write(0, 0x3333 | (42 << 16));
    registers.write(0, 0x7777);
    registers.write(0, 0x1234);
    registers.write(4, 0x5555);
    EXPECT_EQ(log, "exit 0\nexit 42\nreset 0\n");
    EXPECT_EQ(registers.read(0), 0u);
}

}  // namespace
}  // namespace dragoman::devices
