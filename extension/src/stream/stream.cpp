// lakemover.stream(run, chunk): the rows of one planned chunk as blocks of COPY payload. Zone: stream.
// A set-returning function for the target list: one block in memory at a time, whatever the table's size.
#include "stream/session.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>

#include "codec/stats_text.hpp"
#include "codec/stream_digester.hpp"
#include "pg/spi.hpp"
#include "source/spec.hpp"

extern "C" {
#include "funcapi.h"
#include "nodes/execnodes.h"

PG_FUNCTION_INFO_V1(lakemover_stream);
PG_FUNCTION_INFO_V1(lakemover_stream_table);
PG_FUNCTION_INFO_V1(lakemover_stream_digest);
PG_FUNCTION_INFO_V1(lakemover_stream_release);
}

namespace lakemover::stream {

using pg::pg_call;
using source::Error;
using source::ErrorKind;

namespace {

constexpr std::size_t kBlock = 1U << 20U;
constexpr char kData = 'D';
constexpr char kDigested = 'H';
constexpr char kEnd = 'E';

// ,"losses":{"column":{"nul":3}}, or nothing.
std::string losses_text(const std::vector<source::ColumnLosses>& losses) {
    if (losses.empty()) {
        return {};
    }
    nlohmann::json all;
    for (const source::ColumnLosses& column : losses) {
        all[column.column] = column.values;
    }
    return ",\"losses\":" + all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// ,"hash_us":…,"digested":rows,"lane1":"…","lane2":"…","columns":…
std::string digest_text(const codec::StreamDigester& digester, std::int64_t hash_us) {
    return ",\"hash_us\":" + std::to_string(hash_us) + ",\"digested\":" + std::to_string(digester.rows()) +
           ",\"lane1\":\"" + digester.digest().lane1_text() + "\",\"lane2\":\"" + digester.digest().lane2_text() +
           "\",\"columns\":" + codec::column_stats_text(digester.columns());
}

// One chunk on its way. When it is destroyed before its end (error, cancel, LIMIT, closed portal) the copy
// closes the source's connection and the loan does not return it.
class ChunkStream {
public:
    // The whole table in one pass.
    ChunkStream(std::int64_t run_id, std::int64_t table_id, std::nullopt_t)
        : created_(Clock::now()), loan_(borrow_for_run(run_id)), connected_(Clock::now()) {
        spec_ = load_spec(run_id, table_id);
        begin({});
    }
    // One chunk; digests: its rows are digested here, and only their sizes passed on.
    ChunkStream(std::int64_t run_id, std::int64_t chunk_id, bool digests = false)
        : created_(Clock::now()), loan_(borrow_for_run(run_id)), connected_(Clock::now()) {
        const auto rows = pg::spi_query(
            "SELECT table_id, method, pg_catalog.to_json(lower_bound), pg_catalog.to_json(upper_bound), pass FROM "
            "lakemover.run_chunk"
            " WHERE run_id OPERATOR(pg_catalog.=) $1::pg_catalog.int8 AND chunk_id OPERATOR(pg_catalog.=) "
            "$2::pg_catalog.int8",
            {std::to_string(run_id), std::to_string(chunk_id)}, pg::SpiMode::kRead);
        if (rows.empty()) {
            loan_.give_back();
            throw Error(ErrorKind::kConfig, "42704",
                        "run " + std::to_string(run_id) + " has no chunk " + std::to_string(chunk_id));
        }
        const auto& row = rows.front();
        spec_ = load_spec(run_id, std::stoll(row[0].value()));
        if (row[4] == "1") {
            spec_ = spec_.first_pass();
        }
        const source::ChunkRange range = source::parse_chunk_range(row[1].value(), row[2], row[3]);
        if (digests) {
            digester_.emplace(load_hasher_config(run_id, spec_), spec_.format == source::CopyFormat::kBinary
                                                                     ? codec::Format::kBinary
                                                                     : codec::Format::kText);
        }
        begin(range);
    }

    // The next block, its kind first; empty when there is nothing after the end block.
    std::string_view next() {
        if (ended_) {
            return {};
        }
        block_.assign(1, kData);
        const auto start = Clock::now();
        const bool more = read();
        elapsed_ += Clock::now() - start;
        if (more) {
            bytes_ += static_cast<std::int64_t>(block_.size() - 1);
            if (digester_) {
                digest([this] { digester_->feed(std::string_view(block_).substr(1)); });
                size_ = kDigested + std::to_string(block_.size() - 1);
                return size_;
            }
            return block_;
        }
        ended_ = true;
        if (digester_) {
            digest([this] { digester_->finish(); });
        }
        block_ = kEnd + ("{\"rows\":" + std::to_string(copy_->rows())) + ",\"bytes\":" + std::to_string(bytes_) +
                 ",\"connect_us\":" + std::to_string(micros(connected_ - created_)) +
                 ",\"wait_us\":" + std::to_string(copy_->wait_micros()) +
                 ",\"work_us\":" + std::to_string(work_micros()) + losses_text(copy_->losses()) +
                 (digester_ ? digest_text(*digester_, micros(hashed_)) : std::string()) + "}";
        copy_.reset();
        reader_.reset();
        loan_.give_back();
        return block_;
    }

private:
    using Clock = std::chrono::steady_clock;

    static std::int64_t micros(Clock::duration time) {
        return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
    }

    // What reading took beyond waiting for the source: taking rows from its driver, and encoding them.
    std::int64_t work_micros() const { return std::max<std::int64_t>(0, micros(elapsed_) - copy_->wait_micros()); }

    void begin(const source::ChunkRange& range) {
        reader_ = loan_->reader(spec_);
        copy_ = reader_->copy_out(range);
        block_.reserve(kBlock + 1);
    }

    template <class F> void digest(F step) {
        const auto start = Clock::now();
        try {
            step();
        } catch (const codec::DecodeError& e) {
            throw Error(ErrorKind::kData, "22P04", e.what());
        }
        hashed_ += Clock::now() - start;
    }

    bool read() {
        try {
            return copy_->read(block_, kBlock);
        } catch (const Error&) {
            // A value that cannot be encoded leaves the source in the middle of its rows.
            if (loan_.at_point()) {
                copy_->drain();
            }
            throw;
        }
    }

    source::TableSpec spec_;
    const Clock::time_point created_;
    Loan loan_;
    const Clock::time_point connected_;
    // Both refer to what stands above them.
    std::unique_ptr<source::TableReader> reader_;
    std::unique_ptr<source::CopyStream> copy_;
    std::optional<codec::StreamDigester> digester_;
    std::string block_;
    std::string size_;  // of a block that was digested, as text
    std::int64_t bytes_ = 0;
    Clock::duration elapsed_{0};
    Clock::duration hashed_{0};
    bool ended_ = false;
};

using Holder = pg::ContextHolder<ChunkStream>;

enum class Part { kChunk, kTable, kDigest };

FuncCallContext* first_call(FunctionCallInfo fcinfo, Part part) {
    const auto* info = reinterpret_cast<const ReturnSetInfo*>(fcinfo->resultinfo);
    if (info != nullptr && IsA(info, ReturnSetInfo) && (info->allowedModes & SFRM_Materialize_Preferred) != 0) {
        // In FROM the executor collects all blocks in a temporary file before it passes on the first.
        throw Error(ErrorKind::kConfig, "0A000", "lakemover.stream() cannot stand in FROM", {},
                    "write SELECT lakemover.stream(run, chunk)");
    }
    FuncCallContext* context = pg_call([=] { return SRF_FIRSTCALL_INIT(); });
    const std::int64_t run_id = PG_GETARG_INT64(0);
    const std::int64_t id = PG_GETARG_INT64(1);
    context->user_fctx = part == Part::kTable
                             ? Holder::create(context->multi_call_memory_ctx, run_id, id, std::nullopt)
                             : Holder::create(context->multi_call_memory_ctx, run_id, id, part == Part::kDigest);
    return context;
}

Datum next_block(FunctionCallInfo fcinfo, Part part) {
    if (SRF_IS_FIRSTCALL()) {
        first_call(fcinfo, part);
    }
    FuncCallContext* context = pg_call([=] { return SRF_PERCALL_SETUP(); });
    pg::check_interrupts();
    auto* holder = static_cast<Holder*>(context->user_fctx);
    const std::string_view block = (*holder)->next();
    if (block.empty()) {
        holder->reset();
        pg_call([=] { end_MultiFuncCall(fcinfo, context); });
        reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo)->isDone = ExprEndResult;
        fcinfo->isnull = true;
        return Datum{0};
    }
    ++context->call_cntr;
    reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo)->isDone = ExprMultipleResult;
    return pg_call([=] {
        auto* value = static_cast<bytea*>(palloc(VARHDRSZ + block.size()));
        SET_VARSIZE(value, VARHDRSZ + block.size());
        std::memcpy(VARDATA(value), block.data(), block.size());
        return PointerGetDatum(value);
    });
}

}  // namespace

}  // namespace lakemover::stream

extern "C" Datum lakemover_stream(PG_FUNCTION_ARGS) {
    return lakemover::pg::entry(
        [&]() -> Datum { return lakemover::stream::next_block(fcinfo, lakemover::stream::Part::kChunk); });
}

extern "C" Datum lakemover_stream_table(PG_FUNCTION_ARGS) {
    return lakemover::pg::entry(
        [&]() -> Datum { return lakemover::stream::next_block(fcinfo, lakemover::stream::Part::kTable); });
}

extern "C" Datum lakemover_stream_digest(PG_FUNCTION_ARGS) {
    return lakemover::pg::entry(
        [&]() -> Datum { return lakemover::stream::next_block(fcinfo, lakemover::stream::Part::kDigest); });
}

extern "C" Datum lakemover_stream_release(PG_FUNCTION_ARGS) {
    (void)fcinfo;
    return BoolGetDatum(lakemover::stream::release_run_connection());
}
