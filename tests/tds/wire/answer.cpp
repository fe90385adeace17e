// See answer.hpp.
#include "wire/answer.hpp"

namespace tds {

namespace {

constexpr int kGarbageToken = 0x5A;  // none of MS-TDS's
constexpr int kFatal = 20;           // from this severity on the connection ends

}  // namespace

WireAnswer::WireAnswer(Stream& stream, const Engine& engine, bool in_procedure)
    : stream_(stream), engine_(engine), in_procedure_(in_procedure), next_look_(std::chrono::steady_clock::now()) {}

void WireAnswer::tell_statement_end(bool more_follow) {
    if (!statement_end_) return;
    const bool more = in_procedure_ || more_follow;
    put_done(stream_.out(), in_procedure_ ? kDoneInProcedure : kDone, more ? kMore : 0, statement_end_->of_rows,
             statement_end_->rows);
    statement_end_.reset();
    ended_ = !more;
}

void WireAnswer::columns(const std::vector<ResultColumn>& columns) {
    tell_statement_end(true);
    format_ = RowFormat(columns);
    format_.put_metadata(stream_.out());
    has_rows_ = true;
    ended_ = false;
}

void WireAnswer::row(const std::vector<Value>& values) {
    format_.put_row(stream_.out(), values);
    // To look for an attention is a system call; fast rows look with each packet, slow ones by the clock.
    const bool sent = stream_.send_full();
    const auto now = std::chrono::steady_clock::now();
    if (sent || now >= next_look_) {
        next_look_ = now + std::chrono::milliseconds(20);
        if (cancelled()) throw Cancelled{};
    }
}

void WireAnswer::statement_done(std::int64_t rows, bool more_follow) {
    tell_statement_end(true);
    statement_end_ = {rows, more_follow, has_rows_};
    has_rows_ = false;
}

void WireAnswer::message(int number, int severity, int state, const std::string& text) {
    tell_statement_end(true);
    put_notice(stream_.out(), {number, severity, state, text, engine_.server_name()});
    ended_ = false;
}

void WireAnswer::flush() {
    if (statement_end_) tell_statement_end(statement_end_->more_follow);
    stream_.flush();
}

bool WireAnswer::cancelled() { return stream_.attention() || stream_.gone(); }

void WireAnswer::end() {
    if (stream_.attention()) {
        tell_statement_end(true);
        end_cancelled();
    } else if (statement_end_) {
        tell_statement_end(false);
    } else if (!ended_) {
        put_done(stream_.out(), kDone, 0, has_rows_, -1);
    }
}

void WireAnswer::end_procedure(const std::optional<std::int32_t>& handle, bool more_follow) {
    tell_statement_end(true);
    if (stream_.attention()) {
        end_cancelled();
        return;
    }
    put_return_status(stream_.out(), 0);
    if (handle) put_return_value(stream_.out(), u"", *handle);
    put_done(stream_.out(), kDoneProcedure, more_follow ? kMore : 0, false, -1);
}

void WireAnswer::end_with_error(const SqlError& error) {
    tell_statement_end(true);
    put_error(stream_.out(), {error.number, error.severity, error.state, error.what(), engine_.server_name()});
    if (stream_.attention()) {
        end_cancelled();
        return;
    }
    if (in_procedure_) put_return_status(stream_.out(), error.number);
    const int status = kError | (error.severity >= kFatal ? kServerError : 0);
    put_done(stream_.out(), in_procedure_ ? kDoneProcedure : kDone, status, has_rows_, -1);
}

void WireAnswer::end_cancelled() {
    statement_end_.reset();
    put_done(stream_.out(), kDone, kAttentionDone, has_rows_, -1);
    stream_.attention_answered();
}

void WireAnswer::garbage() {
    tell_statement_end(true);
    put_byte(stream_.out(), kGarbageToken);
    put_text(stream_.out(), u"no token");
    ended_ = false;
}

}  // namespace tds
