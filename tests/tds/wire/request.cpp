// See request.hpp.
#include "wire/request.hpp"

#include <strings.h>

#include <algorithm>
#include <iostream>

namespace tds {

namespace {

constexpr int kFatalSeverity = 20;

[[noreturn]] void refuse(int number, const std::string& text) {
    std::cerr << "wire: " << text << std::endl;
    throw SqlError(number, 16, text);
}

const RpcParameter& parameter(const Rpc& rpc, std::size_t i) {
    if (i >= rpc.parameters.size()) refuse(201, rpc.name + " lacks parameter " + std::to_string(i + 1));
    return rpc.parameters[i];
}

std::string text_of(const Rpc& rpc, std::size_t i) {
    const Value& value = parameter(rpc, i).value;
    if (is_null(value)) return {};
    const auto* text = std::get_if<std::u16string>(&value);
    if (text == nullptr) refuse(214, rpc.name + " expects text as parameter " + std::to_string(i + 1));
    return utf8(*text);
}

bool same_name(const std::string& one, const std::string& other) {
    return ::strcasecmp(one.c_str(), other.c_str()) == 0;
}

// In the order they are declared in, which is that of those without a name.
std::vector<Session::Parameter> in_order(const std::vector<std::string>& names, const Rpc& rpc, std::size_t first) {
    const std::size_t given = rpc.parameters.size() - std::min(first, rpc.parameters.size());
    if (given > names.size()) refuse(8144, rpc.name + " has more parameters than are declared");
    std::vector<Session::Parameter> parameters;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto begin = rpc.parameters.begin() + static_cast<std::ptrdiff_t>(first);
        auto found = std::find_if(begin, rpc.parameters.end(),
                                  [&](const RpcParameter& of) { return same_name(of.name, names[i]); });
        if (found == rpc.parameters.end() && i < given && begin[static_cast<std::ptrdiff_t>(i)].name.empty()) {
            found = begin + static_cast<std::ptrdiff_t>(i);
        }
        if (found == rpc.parameters.end()) {
            refuse(8178, "The parameterized query expects the parameter '" + names[i] + "', which was not supplied.");
        }
        parameters.push_back({names[i], found->type, found->value});
    }
    return parameters;
}

}  // namespace

bool Requests::answer(const Message& message) {
    if (message.type == kAttention) {
        // It came when the answer was complete.
        put_done(stream_.out(), kDone, kAttentionDone, false, -1);
        stream_.finish();
        return true;
    }
    if (message.ignored) {
        put_done(stream_.out(), kDone, kError, false, -1);
        stream_.finish();
        return true;
    }
    switch (message.type) {
        case kSqlBatch: return batch(message);
        case kRpc: return procedures(message);
        default: return unknown(message);
    }
}

Requests::Outcome Requests::run(WireAnswer& answer, const std::function<void()>& work) {
    try {
        work();
        return Outcome::kDone;
    } catch (const SqlError& error) {
        answer.end_with_error(error);
        return error.severity >= kFatalSeverity ? Outcome::kFatal : Outcome::kFailed;
    } catch (const Cancelled&) {
        if (stream_.gone()) throw Disconnected{};
        answer.end_cancelled();
        return Outcome::kFailed;
    } catch (const Misbehave& misbehave) {
        if (misbehave.what == Misbehave::What::kGarbage) {
            answer.garbage();
            return Outcome::kDone;
        }
        if (misbehave.what == Misbehave::What::kDrop) {
            stream_.drop();
        } else {
            stream_.truncate();
        }
        throw Disconnected{};
    } catch (const std::exception& error) {
        std::cerr << "wire: the engine failed: " << error.what() << std::endl;
        answer.end_with_error(SqlError(50000, 16, std::string("the engine failed: ") + error.what()));
        return Outcome::kFailed;
    }
}

bool Requests::batch(const Message& message) {
    Reader reader(message.bytes);
    skip_headers(reader);
    const std::string sql = utf8(reader.text(reader.left() / 2));
    WireAnswer answer(stream_, engine_, false);
    const Outcome outcome = run(answer, [&] { session_.batch(sql, answer); });
    if (outcome == Outcome::kDone) answer.end();
    stream_.finish();
    return outcome != Outcome::kFatal;
}

bool Requests::procedures(const Message& message) {
    Reader reader(message.bytes);
    skip_headers(reader);
    const std::vector<Rpc> rpcs = take_rpcs(reader);
    Outcome outcome = Outcome::kDone;
    for (std::size_t i = 0; i < rpcs.size() && outcome == Outcome::kDone; ++i) {
        WireAnswer answer(stream_, engine_, true);
        std::optional<std::int32_t> handle;
        outcome = run(answer, [&] { handle = call(rpcs[i], answer); });
        if (outcome == Outcome::kDone) answer.end_procedure(handle, i + 1 < rpcs.size());
    }
    stream_.finish();
    return outcome != Outcome::kFatal;
}

std::optional<std::int32_t> Requests::call(const Rpc& rpc, WireAnswer& answer) {
    switch (rpc.procedure) {
        case Procedure::kExecuteSql: {
            const std::string definition = rpc.parameters.size() > 1 ? text_of(rpc, 1) : "";
            execute({definition, text_of(rpc, 0)}, rpc, 2, answer);
            return std::nullopt;
        }
        case Procedure::kPrepare: return prepare(rpc);
        case Procedure::kPrepareAndExecute: {
            const std::int32_t handle = prepare(rpc);
            execute(prepared_.at(handle), rpc, 3, answer);
            return handle;
        }
        case Procedure::kExecute: execute(prepared(rpc), rpc, 1, answer); return std::nullopt;
        case Procedure::kUnprepare:
            prepared(rpc);
            prepared_.erase(std::get<std::int64_t>(rpc.parameters[0].value));
            return std::nullopt;
        case Procedure::kUnknown: break;
    }
    refuse(2812, "Could not find stored procedure '" + rpc.name + "'.");
}

void Requests::execute(const Prepared& prepared, const Rpc& rpc, std::size_t first, WireAnswer& answer) {
    const std::vector<std::string> names = declared_names(prepared.definition);
    session_.batch_with(prepared.sql, in_order(names, rpc, first), answer);
}

std::int32_t Requests::prepare(const Rpc& rpc) {
    prepared_[++last_handle_] = {text_of(rpc, 1), text_of(rpc, 2)};
    return last_handle_;
}

const Requests::Prepared& Requests::prepared(const Rpc& rpc) const {
    const auto* handle = std::get_if<std::int64_t>(&parameter(rpc, 0).value);
    const auto found = handle == nullptr ? prepared_.end() : prepared_.find(*handle);
    if (found == prepared_.end()) refuse(8179, "Could not find prepared statement with that handle.");
    return found->second;
}

bool Requests::unknown(const Message& message) {
    WireAnswer answer(stream_, engine_, false);
    run(answer, [&] {
        const std::string name = message.type == kTransactionRequest ? " (transaction manager)"
                                 : message.type == kBulkLoad         ? " (bulk load)"
                                                                     : "";
        refuse(50000, "The test server knows no requests of packet type " + std::to_string(message.type) + name + ".");
    });
    stream_.finish();
    return true;
}

}  // namespace tds
