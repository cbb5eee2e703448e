// Makes character back ends from what the command line says, and knows them by their ids.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/properties.h"
#include "devices/chardev.h"
#include "devices/chardev/mux.h"

namespace dragoman::devices {

class ChardevSet {
public:
    ChardevSet(EventLoop& loop, MuxActions actions);
    ~ChardevSet();

    /// -chardev BACKEND,id=ID,...: `properties` with the backend under the name "backend". @throws FatalError
    void add(Properties properties);

    struct Opened {
        std::shared_ptr<Chardev> chardev;  ///< null for "none"
        std::shared_ptr<Chardev> monitor;  ///< of "mon:...": where a monitor shares it; else null
    };
    /// The value of -serial, -monitor or -qmp. `option` begins messages; a back end that is made here
    /// gets the id `label` ("serial0"). @throws FatalError
    Opened open(const std::string& option, const std::string& text, const std::string& label);

    /// The back end `id` for one more user: only a mux takes several. @throws FatalError; `option` begins its text
    std::shared_ptr<Chardev> use(const std::string& option, const std::string& id);

    /// The user of `id` has gone, and has detached itself.
    void release(const std::string& id);
    /// Takes the back end out. @throws FatalError when there is none, or it is in use
    void remove(const std::string& option, const std::string& id);

    struct Info {
        std::string id, description;
    };
    /// For info chardev.
    std::vector<Info> list() const;

private:
    struct Entry {
        std::shared_ptr<Chardev> backend;
        std::unique_ptr<MuxChardev> mux;  ///< null when it is not shared
        bool used = false;
    };
    std::shared_ptr<Chardev> make(const std::string& backend, const std::string& id, Properties& properties);

    EventLoop& loop_;
    MuxActions actions_;
    std::map<std::string, Entry> entries_;
    bool stdio_taken_ = false;
};

/// The properties that -chardev would have for the value of -serial: "tcp:localhost:4444,server=on" is
/// backend=socket,host=localhost,port=4444,server=on. Not for "none" and "chardev:ID". @throws FatalError
Properties parse_legacy_chardev(const std::string& option, std::string_view text);

}  // namespace dragoman::devices
