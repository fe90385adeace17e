// Requests of a client that is logged in, and how they are answered.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine.hpp"
#include "wire/answer.hpp"
#include "wire/rpc.hpp"
#include "wire/stream.hpp"

namespace tds {

class Requests {
public:
    Requests(Stream& stream, const Engine& engine, Session& session)
        : stream_(stream), engine_(engine), session_(session) {}

    // False when the connection ends with it. Throws Malformed and Disconnected.
    bool answer(const Message& message);

private:
    struct Prepared {
        std::string definition;
        std::string sql;
    };
    enum class Outcome { kDone, kFailed, kFatal };

    Outcome run(WireAnswer& answer, const std::function<void()>& work);
    bool batch(const Message& message);
    bool procedures(const Message& message);
    // The handle that a preparation gives out.
    std::optional<std::int32_t> call(const Rpc& rpc, WireAnswer& answer);
    void execute(const Prepared& prepared, const Rpc& rpc, std::size_t first, WireAnswer& answer);
    std::int32_t prepare(const Rpc& rpc);
    const Prepared& prepared(const Rpc& rpc) const;
    bool unknown(const Message& message);

    Stream& stream_;
    const Engine& engine_;
    Session& session_;
    std::map<std::int64_t, Prepared> prepared_;
    std::int32_t last_handle_ = 0;
};

}  // namespace tds
