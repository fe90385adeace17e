// Moves one chunk: staging's stream into the target's COPY, digesting every row on the way.
// Throws Error; the caller owns both transactions.
#pragma once
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "codec/stream_digester.hpp"
#include "loader/util/pq.hpp"

namespace lakemover::loader {

struct PumpResult {
    std::int64_t rows = 0;
    std::int64_t rejected = 0;  // rows set aside; rows and bytes do not count them
    std::int64_t bytes = 0;
    codec::Digest digest;
    double connect_s = 0;      // staging connected to the source; 0 when it still was
    double source_wait_s = 0;  // staging waited for the source
    double encode_s = 0;       // staging's own work on the rows
    double read_s = 0;         // we waited for staging, but for its connecting
    double rate_limit_s = 0;   // we waited because of --max-rate
    double hash_s = 0;
    double send_s = 0;  // we waited for the target
    std::vector<codec::ColumnStats> columns;
    std::string losses = "{}";  // values that policies changed: {"column": {"nul": 3}}
};

// What the end block of a stream says of staging's times and of the values.
void take_end(PumpResult& result, const nlohmann::json& end);

// The header that starts COPY BINARY: signature, no flags, no extension.
std::string copy_header();

// Bytes of the source that are no COPY data.
[[noreturn]] void throw_malformed(const codec::DecodeError& e);

// Called with the bytes of each message that was read and the seconds that reading it took; may wait, so that staging
// and with it the source wait too, and may throw.
using AfterRead = std::function<void(std::size_t bytes, double seconds)>;

// copy_in: the COPY ... FROM STDIN statement. Three counts must agree: rows framed by the digester,
// rows that the source's command tag named, rows that the target's command tag names. An error that the target raised
// while it took the rows is marked so (of_rows).
PumpResult pump_chunk(Pg& staging, Pg& target, std::int64_t run_id, std::int64_t chunk_id, const std::string& copy_in,
                      codec::StreamDigester& digester, codec::Format format, const AfterRead& after_read);

// The digest of all rows of a table, read once more in one pass and thrown away.
codec::Digest digest_table(Pg& staging, std::int64_t run_id, std::int64_t table_id, codec::StreamDigester& digester,
                           const AfterRead& after_read);

// Reads one chunk of the source as pump_chunk() does, and sends it nowhere.
PumpResult digest_chunk(Pg& staging, std::int64_t run_id, std::int64_t chunk_id, codec::StreamDigester& digester,
                        const AfterRead& after_read);

// The same, digested by staging, which passes on no rows. It reads on while after_read waits: no way to limit its rate.
PumpResult digest_chunk_in_staging(Pg& staging, std::int64_t run_id, std::int64_t chunk_id,
                                   const AfterRead& after_read);

}  // namespace lakemover::loader
