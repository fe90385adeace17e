#include "loader/engine/pump.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>

#include "loader/validate/table_spec.hpp"

namespace lakemover::loader {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

constexpr std::string_view kCopySignature{"PGCOPY\n\377\r\n\0", 11};
constexpr std::size_t kCopyHeaderSize = 19;

// Unwraps COPY BINARY of a single bytea column: every message of the protocol holds whole tuples.
class BlockFramer {
public:
    explicit BlockFramer(std::string_view message) : rest_(message) {}

    bool next(std::string_view& block, bool& header_seen) {
        if (!header_seen) {
            if (rest_.size() < kCopyHeaderSize || rest_.substr(0, kCopySignature.size()) != kCopySignature) fail();
            const auto extension = codec::load_be<std::uint32_t>(rest_.data() + 15);
            rest_.remove_prefix(kCopyHeaderSize);
            if (extension > rest_.size()) fail();
            rest_.remove_prefix(extension);
            header_seen = true;
        }
        if (rest_.empty()) return false;
        if (rest_.size() < 2) fail();
        const auto fields = codec::load_be<std::int16_t>(rest_.data());
        if (fields == -1) {
            rest_ = {};
            return false;
        }
        if (fields != 1 || rest_.size() < 6) fail();
        const auto length = codec::load_be<std::int32_t>(rest_.data() + 2);
        if (length < 1 || static_cast<std::size_t>(length) > rest_.size() - 6) fail();
        block = rest_.substr(6, static_cast<std::size_t>(length));
        rest_.remove_prefix(6 + static_cast<std::size_t>(length));
        return true;
    }

private:
    [[noreturn]] static void fail() { throw Error(Exit::kOther, "staging: malformed block in the stream"); }
    std::string_view rest_;
};

// The blocks of a COPY of lakemover.stream() that has begun, one after the other; returns the end block. use is called
// for rows; where staging digests them itself, only their sizes come.
nlohmann::json read_blocks(Pg& staging, PumpResult& result, const AfterRead& after_read,
                           const std::function<void(std::string_view block)>& use) {
    nlohmann::json end;
    bool header_seen = false;
    for (;;) {
        auto t = Clock::now();
        std::string_view message;
        const bool more = staging.copy_out_next(message);
        const double read_s = seconds_since(t);
        result.read_s += read_s;
        if (!more) break;
        BlockFramer framer(message);
        std::string_view block;
        while (framer.next(block, header_seen)) {
            if (!end.is_null()) throw Error(Exit::kOther, "staging: data after the end of the stream");
            const char kind = block.front();
            block.remove_prefix(1);
            if (kind == 'E') {
                end = nlohmann::json::parse(block);
                take_end(result, end);
                continue;
            }
            if (kind != 'D' && kind != 'H') throw Error(Exit::kOther, "staging: unknown block in the stream");
            const auto bytes = kind == 'D' ? block.size() : std::stoull(std::string(block));
            t = Clock::now();
            after_read(bytes, read_s);
            result.rate_limit_s += seconds_since(t);
            if (kind == 'D') use(block);
            result.bytes += static_cast<std::int64_t>(bytes);
        }
    }
    // Without the end block the stream was cut, whatever the protocol said.
    if (end.is_null()) throw Error(Exit::kOther, "staging: the stream ended without its end block");
    return end;
}

std::int64_t source_rows_of(const nlohmann::json& end) { return end.at("rows").get<std::int64_t>(); }

}  // namespace

void throw_malformed(const codec::DecodeError& e) {
    throw Error(Exit::kOther, std::string("malformed COPY data from the source: ") + e.what());
}

void take_end(PumpResult& result, const nlohmann::json& end) {
    result.connect_s = end.value("connect_us", 0.0) / 1e6;
    result.source_wait_s = end.value("wait_us", 0.0) / 1e6;
    result.encode_s = end.value("work_us", 0.0) / 1e6;
    result.losses = end.value("losses", nlohmann::json::object()).dump();
}

std::string copy_header() { return std::string(kCopySignature) + std::string(8, '\0'); }

PumpResult pump_chunk(Pg& staging, Pg& target, std::int64_t run_id, std::int64_t chunk_id, const std::string& copy_in,
                      codec::StreamDigester& digester, codec::Format format, const AfterRead& after_read) {
    PumpResult result;
    digester.reset();
    const auto begun = Clock::now();
    staging.copy_out_start("COPY (SELECT lakemover.stream(" + std::to_string(run_id) + ", " + std::to_string(chunk_id) +
                           ")) TO STDOUT (FORMAT binary)");
    // The answer comes with the first rows.
    result.read_s = seconds_since(begun);
    target.copy_in_start(copy_in);
    std::int64_t source_rows = -1;
    try {
        if (format == codec::Format::kBinary) target.copy_in_data(copy_header());
        const auto end = read_blocks(staging, result, after_read, [&](std::string_view block) {
            auto t = Clock::now();
            digester.feed(block);
            result.hash_s += seconds_since(t);
            t = Clock::now();
            target.copy_in_data(block);
            result.send_s += seconds_since(t);
        });
        source_rows = source_rows_of(end);
        digester.finish();
        if (format == codec::Format::kBinary) target.copy_in_data(std::string_view("\377\377", 2));
    } catch (const codec::DecodeError& e) {
        target.copy_in_abort("malformed data from the source");
        throw_malformed(e);
    } catch (Error& e) {
        e.of_rows = e.peer == "target";
        target.copy_in_abort("the loader gave this chunk up");
        throw;
    } catch (...) {
        target.copy_in_abort("the loader gave this chunk up");
        throw;
    }
    result.read_s = std::max(0.0, result.read_s - result.connect_s);
    const auto t = Clock::now();
    try {
        result.rows = target.copy_in_end();
    } catch (Error& e) {
        e.of_rows = true;
        throw;
    }
    result.send_s += seconds_since(t);
    const auto framed = static_cast<std::int64_t>(digester.rows());
    if (result.rows != framed || result.rows != source_rows)
        throw Error(Exit::kOther, "row counts of a chunk differ",
                    "source says " + std::to_string(source_rows) + ", streamed " + std::to_string(framed) +
                        ", target says " + std::to_string(result.rows));
    result.digest = digester.digest();
    result.columns = digester.columns();
    return result;
}

namespace {

PumpResult digest_stream(Pg& staging, const std::string& call, codec::StreamDigester* digester,
                         const AfterRead& after_read) {
    PumpResult result;
    if (digester) digester->reset();
    const auto begun = Clock::now();
    staging.copy_out_start("COPY (SELECT lakemover." + call + ") TO STDOUT (FORMAT binary)");
    result.read_s = seconds_since(begun);
    std::int64_t source_rows = -1;
    try {
        const auto end = read_blocks(staging, result, after_read, [&](std::string_view block) {
            const auto t = Clock::now();
            if (!digester) throw Error(Exit::kOther, "staging: rows where it digests them itself");
            digester->feed(block);
            result.hash_s += seconds_since(t);
        });
        source_rows = source_rows_of(end);
        if (digester) {
            digester->finish();
            result.digest = digester->digest();
            result.columns = digester->columns();
        } else {
            result.hash_s = end.at("hash_us").get<double>() / 1e6;
            result.digest =
                codec::Digest::from_text(end.at("digested").get<std::uint64_t>(), end.at("lane1").get<std::string>(),
                                         end.at("lane2").get<std::string>());
            result.columns = parse_column_stats(end.at("columns"));
        }
    } catch (const codec::DecodeError& e) {
        throw_malformed(e);
    }
    if (source_rows != static_cast<std::int64_t>(result.digest.rows))
        throw Error(Exit::kOther, "row counts of a table differ",
                    "source says " + std::to_string(source_rows) + ", streamed " + std::to_string(result.digest.rows));
    result.read_s = std::max(0.0, result.read_s - result.connect_s);
    result.rows = source_rows;
    return result;
}

std::string arguments(std::int64_t run_id, std::int64_t of) {
    return "(" + std::to_string(run_id) + ", " + std::to_string(of) + ")";
}

}  // namespace

codec::Digest digest_table(Pg& staging, std::int64_t run_id, std::int64_t table_id, codec::StreamDigester& digester,
                           const AfterRead& after_read) {
    return digest_stream(staging, "_stream_table" + arguments(run_id, table_id), &digester, after_read).digest;
}

PumpResult digest_chunk(Pg& staging, std::int64_t run_id, std::int64_t chunk_id, codec::StreamDigester& digester,
                        const AfterRead& after_read) {
    return digest_stream(staging, "stream" + arguments(run_id, chunk_id), &digester, after_read);
}

PumpResult digest_chunk_in_staging(Pg& staging, std::int64_t run_id, std::int64_t chunk_id,
                                   const AfterRead& after_read) {
    return digest_stream(staging, "_stream_digest" + arguments(run_id, chunk_id), nullptr, after_read);
}

}  // namespace lakemover::loader
