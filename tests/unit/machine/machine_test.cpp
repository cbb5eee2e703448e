// A machine without firmware: what it does with its parts.
#include "machine/machine.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>

#include "machine/gdb_target.h"
#include "unit/machine/small_machine.h"

namespace dragoman::machine {
namespace {

/// Tells when it goes.
class Mortal final : public devices::Device {
public:
    Mortal(std::string name, std::vector<std::string>& gone) : name_(std::move(name)), gone_(gone) {}
    ~Mortal() override { gone_.push_back(name_); }
    void reset() override {}
    void visit(State&) override {}
    std::string describe() const override { return name_; }

private:
    std::string name_;
    std::vector<std::string>& gone_;
};

// A disk's thread may be at work when the machine ends: the interrupt controller must still be there.
TEST(Machine, DevicesGoBeforeThoseTheyWereMadeAfter) {
    std::vector<std::string> gone;
    {
        Machine machine(small_machine());
        for (const char* name : {"controller", "bus", "disk"})
            machine.add_device(name, std::make_unique<Mortal>(name, gone));
    }
    EXPECT_EQ(gone, (std::vector<std::string>{"disk", "bus", "controller"}));
}

std::ptrdiff_t count_threads() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator());
}

// gdb's requests are done by the machine's loop: nobody may wait for that, or look at the machine, once it has gone.
TEST(Machine, NothingServesADebuggerThatIsThereAtTheEnd) {
    std::ptrdiff_t threads = count_threads();
    std::string path = testing::TempDir() + "/machine-gdb-" + std::to_string(getpid());
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    {
        Machine machine(small_machine());
        GdbServer server(machine, "unix:" + path);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        ASSERT_EQ(connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        for (int i = 0; i < 100; i++) ASSERT_EQ(send(client, "\3", 1, 0), 1);  // stop, stop, ...
        machine.request_shutdown(Cause::HostSignal);
        EXPECT_EQ(machine.run(), 0);
    }
    EXPECT_EQ(count_threads(), threads);
    close(client);
    unlink(path.c_str());
}

}  // namespace
}  // namespace dragoman::machine
