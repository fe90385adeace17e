// An answer on its way to the client: what the engine tells, as tokens in packets.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "engine.hpp"
#include "wire/stream.hpp"
#include "wire/tokens.hpp"

namespace tds {

class WireAnswer : public Answer {
public:
    // Within a procedure (an RPC) the statements' ends are told otherwise.
    WireAnswer(Stream& stream, const Engine& engine, bool in_procedure);

    void columns(const std::vector<ResultColumn>& columns) override;
    void row(const std::vector<Value>& values) override;
    void statement_done(std::int64_t rows, bool more_follow) override;
    void message(int number, int severity, int state, const std::string& text) override;
    void flush() override;
    bool cancelled() override;

    // How a request ends: one of these, then Stream::finish().
    void end();
    void end_procedure(const std::optional<std::int32_t>& handle, bool more_follow);
    void end_with_error(const SqlError& error);
    void end_cancelled();
    void garbage();

private:
    struct StatementEnd {
        std::int64_t rows;
        bool more_follow;
        bool of_rows;
    };
    void tell_statement_end(bool more_follow);

    Stream& stream_;
    const Engine& engine_;
    bool in_procedure_;
    RowFormat format_;
    bool has_rows_ = false;  // the statement's columns were told
    // Kept until it is known whether something follows.
    std::optional<StatementEnd> statement_end_;
    bool ended_ = false;  // the last that was told says that nothing follows
    std::chrono::steady_clock::time_point next_look_;
};

}  // namespace tds
