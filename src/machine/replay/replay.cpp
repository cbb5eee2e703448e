#include "machine/replay/replay.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/state.h"
#include "machine/snapshot/machine_state.h"

namespace dragoman::machine {

namespace {

/// So many checkpoints in a row without anything happening are none of a run that was recorded.
constexpr u64 kFruitless = 10'000;

}  // namespace

Replay::Replay(const Icount& options, Host host) : path_(options.rr_file), host_(std::move(host)) {
    if (options.rr == Icount::Rr::Record) {
        writer_ = std::make_unique<LogWriter>(path_);
    } else {
        log_ = read_log(path_);
        advance();
    }
}

unsigned Replay::add(Source source) {
    sources_.push_back(std::move(source));
    return static_cast<unsigned>(sources_.size() - 1);
}

void Replay::begin(const std::string& configuration) {
    std::string all = configuration;
    for (const Source& source : sources_) all += "input " + source.name + "\n";
    if (recording()) return writer_->begin(all);
    if (std::string wrong = compare_configurations(log_.configuration, all); !wrong.empty())
        throw FatalError(1, "rrfile=" + path_ + ": " + wrong);
    for (const ReplayRecord& record : log_.records) {
        if (record.kind == RecordKind::Input && record.source >= sources_.size())
            throw FatalError(1, "rrfile=" + path_ + ": it is damaged");
    }
}

std::string Replay::finish(ReplayPosition position) {
    if (!recording()) return "";
    writer_->put({.kind = RecordKind::End, .position = position});
    writer_->flush();
    return writer_->error() != 0 ? "rrfile=" + path_ + ": " + std::strerror(writer_->error()) : "";
}

void Replay::put(unsigned source, std::vector<u8> bytes) {
    {
        LockGuard lock(mutex_);
        puts_.push_back({source, std::move(bytes)});
        pending_.store(true, std::memory_order_release);
    }
    host_.wake();
}

void Replay::post(std::function<void()> function) {
    {
        LockGuard lock(mutex_);
        tasks_.push_back(std::move(function));
        pending_.store(true, std::memory_order_release);
    }
    host_.wake();
}

std::function<void()> Replay::take_task() {
    LockGuard lock(mutex_);
    pending_.store(tasks_.size() > 1 || !puts_.empty(), std::memory_order_release);
    if (tasks_.empty()) return nullptr;
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    return task;
}

void Replay::run_tasks() {
    if (!pending()) return;
    while (std::function<void()> task = take_task()) task();
}

void Replay::ask(std::span<u8> bytes, const std::function<void(std::span<u8> bytes)>& fill) {
    if (recording()) {
        fill(bytes);
        return write({.kind = RecordKind::Answer, .position = now_, .bytes = {bytes.begin(), bytes.end()}});
    }
    const bool there = cursor_ < log_.records.size() && log_.records[cursor_].kind == RecordKind::Answer &&
                       log_.records[cursor_].bytes.size() == bytes.size();
    if (!there) {
        std::fill(bytes.begin(), bytes.end(), u8{0});
        return fail(now_, "the guest asks for what it did not ask for then");
    }
    std::copy_n(log_.records[cursor_].bytes.begin(), bytes.size(), bytes.begin());
    cursor_++;
    advance();
}

void Replay::write(const ReplayRecord& record) {
    writer_->put(record);
    cursor_++;
}

void Replay::write(RecordKind kind, ReplayPosition position, u64 number) {
    ReplayRecord record{.kind = kind, .position = position};
    for (unsigned i = 0; i < 8; i++) record.bytes.push_back(static_cast<u8>(number >> (8 * i)));
    write(record);
}

/// Finds the next record that is bound to its position.
void Replay::advance() {
    stop_ = std::max(stop_, cursor_);
    while (stop_ < log_.records.size() && log_.records[stop_].kind == RecordKind::Answer) stop_++;
}

void Replay::checkpoint(Hart& hart, ReplayPosition now) {
    now_ = now;
    run_tasks();
    if (break_ && now.insns >= *break_) {
        break_.reset();
        return host_.break_reached();
    }
    if (now.insns >= snapshot_at_ && !busy()) {
        snapshot_at_ = kNever;
        return host_.snapshot_due();
    }
    if (!recording()) return replay_records(hart, now);
    if (now.insns >= next_check_) {
        write(RecordKind::Check, now, host_.hash(hart));
        next_check_ = (now.insns / kCheckEvery + 1) * kCheckEvery;
        if (next_check_ / kCheckEvery % 1000 == 0) writer_->flush();
    }
    record_inputs();
}

void Replay::record_inputs() {
    while (pending()) {
        std::optional<Put> put;
        {
            LockGuard lock(mutex_);
            if (!puts_.empty()) {
                put = std::move(puts_.front());
                puts_.pop_front();
            }
        }
        if (put) {
            write({.kind = RecordKind::Input, .position = now_, .source = put->source, .bytes = put->bytes});
            sources_[put->source].deliver(put->bytes);
        }
        run_tasks();
    }
}

void Replay::replay_records(Hart& hart, ReplayPosition now) {
    if (failed_ || at_end_) return;
    if (stop_ < log_.records.size() && log_.records[stop_].position < now)
        return fail(now, "something came then at instruction " + std::to_string(log_.records[stop_].position.insns));
    const u64 first = cursor_;
    while (cursor_ == stop_ && cursor_ < log_.records.size()) {
        const ReplayRecord& record = log_.records[cursor_];
        if (record.position != now || record.kind == RecordKind::Warp) break;
        cursor_++;
        advance();
        switch (record.kind) {
            case RecordKind::Input:
                sources_[record.source].deliver(record.bytes);
                run_tasks();
                break;
            case RecordKind::Check:
                if (host_.hash(hart) != record.number()) return fail(now, "registers differ");
                break;
            case RecordKind::End: at_end_ = true; return host_.end_reached();
            default: break;
        }
    }
    const bool stands = first == cursor_ && stop_ < log_.records.size() &&
                        log_.records[stop_].position.insns == now.insns && log_.records[stop_].position != now;
    fruitless_ = stands ? fruitless_ + 1 : 0;
    if (fruitless_ > kFruitless) fail(now, "something came then that does not come now");
}

u64 Replay::insns_left(ReplayPosition now) {
    u64 until = break_.value_or(kNever);
    if (snapshot_at_ > now.insns) until = std::min(until, snapshot_at_);  // else it has to wait
    if (recording()) until = std::min(until, next_check_);
    else if (stop_ < log_.records.size()) until = std::min(until, log_.records[stop_].position.insns);
    return until > now.insns ? until - now.insns : 0;
}

std::optional<u64> Replay::take_warp(ReplayPosition now) {
    if (cursor_ >= log_.records.size()) return std::nullopt;
    const ReplayRecord& record = log_.records[cursor_];
    if (record.kind != RecordKind::Warp || record.position != now) return std::nullopt;
    cursor_++;
    advance();
    return record.number();
}

void Replay::note_warp(ReplayPosition now, u64 nanoseconds) {
    write(RecordKind::Warp, now, nanoseconds);
    writer_->flush();
}

void Replay::fail_idle(ReplayPosition now) { fail(now, "the machine waits for what does not come"); }

void Replay::fail(ReplayPosition now, const std::string& what) {
    if (failed_) return;
    failed_ = true;
    host_.fail("rrfile=" + path_ + ": this is not the run that was recorded: at instruction " +
               std::to_string(now.insns) + ", " + what);
}

bool Replay::busy() {
    if (pending()) return true;
    return std::any_of(sources_.begin(), sources_.end(), [](const Source& s) { return s.busy && s.busy(); });
}

void Replay::visit(State& state) {
    const u64 records = recording() ? kNever : log_.records.size();
    const u64 cursor = state.peek("log", cursor_, records);
    state.field("insns", now_.insns);
    state.field("events", now_.events);
    state.field("next check", next_check_);
    if (!state.loading()) return;
    cursor_ = stop_ = cursor;
    at_end_ = false;
    fruitless_ = 0;
    advance();
    {
        LockGuard lock(mutex_);
        tasks_.clear();
        puts_.clear();
        pending_ = false;
    }
    for (Source& source : sources_) {
        if (source.forget) source.forget();
    }
}

}  // namespace dragoman::machine
