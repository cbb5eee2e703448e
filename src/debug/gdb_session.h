// One conversation with gdb: reads packets, answers them, and reports stops of the guest.
#pragma once

#include <string>
#include <string_view>

#include "debug/packet.h"
#include "debug/target.h"

namespace dragoman::debug {

class GdbSession {
public:
    GdbSession(Target& target, int socket, const Agreement& agreement = {});

    /// Talks until gdb detaches or hangs up, or the guest has ended.
    /// @param resumed whether gdb waits for the guest to stop, as it does after it has let it go on
    void run(bool resumed = false);

private:
    void handle_input();
    void handle_event();
    /// Answers a packet; nothing is sent when the answer is to come later (the guest goes on).
    void handle_packet(std::string_view packet);
    void send(std::string_view data);
    void send_raw(std::string_view bytes);

    std::string query(std::string_view packet);
    std::string set(std::string_view packet);
    std::string transfer(std::string_view request);
    std::string read_memory(std::string_view arguments);
    std::string write_memory(std::string_view arguments, bool binary);
    std::string read_registers();
    std::string write_registers(std::string_view digits);
    std::string read_register(std::string_view arguments);
    std::string write_register(std::string_view arguments);
    std::string change_point(std::string_view arguments, bool insert);
    std::string select_thread(std::string_view arguments);
    std::string thread_alive(std::string_view arguments);
    std::string thread_text(pid_t tid) const;
    std::string process_text() const;
    void detach(std::string_view arguments);
    /// These let the guest go on and @return an error to be sent, or nothing.
    std::string resume_threads(std::string_view actions);
    std::string resume_simple(std::string_view packet);

    /// gdb has done what an event FileIo asked for: the guest goes on as before.
    void file_io_reply(std::string_view arguments);

    std::string describe(const StopEvent& event) const;
    ir::Env* selected_env();

    Target& target_;
    int socket_;
    PacketReader reader_;
    Agreement agreement_;
    bool on_child_ = false;  ///< what gdb has selected is the new child of an event Fork
    bool open_ = true;
    pid_t selected_ = 0;  ///< thread of g, G, p, P (Hg)
    pid_t resumed_ = -1;  ///< thread of c, s (Hc)
    StopEvent last_stop_;
    std::vector<Resumption> going_;  ///< what gdb last let go on
    bool in_file_io_ = false;        ///< gdb is doing what the guest asked it for
};

}  // namespace dragoman::debug
