#include "loader/target/speed.hpp"

#include <fmt/format.h>

#include <chrono>
#include <random>
#include <string>

#include "loader/util/error.hpp"

namespace lakemover::loader {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBytes = 16'000'000;
constexpr std::chrono::seconds kTime{2};
constexpr std::size_t kRowBytes = 200;

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Some 64 kB of rows that do not compress: what a network or a storage compresses on its way would look faster than it is.
std::string some_rows() {
    static constexpr char kLetters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/";
    std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same rows each time
    std::string rows;
    for (int id = 1; rows.size() < 64'000; ++id) {
        rows += std::to_string(id) + '\t';
        for (std::size_t i = 0; i < kRowBytes; ++i) rows += kLetters[random() % 64];
        rows += '\n';
    }
    return rows;
}

}  // namespace

nlohmann::json measure_target(Pg& target) {
    nlohmann::json facts;
    try {
        target.exec("BEGIN");
        target.exec("SET LOCAL statement_timeout = '10s'");
        target.exec("CREATE TEMPORARY TABLE lakemover_speed (id bigint, v text) ON COMMIT DROP");
        const std::string rows = some_rows();
        auto start = Clock::now();
        target.copy_in_start("COPY pg_temp.lakemover_speed FROM STDIN");
        std::size_t sent = 0;
        for (; sent < kBytes && Clock::now() - start < kTime; sent += rows.size()) target.copy_in_data(rows);
        target.copy_in_end();
        facts["probe_write_seconds"] = fmt::format("{:.6f}", since(start));
        facts["probe_write_bytes"] = std::to_string(sent);

        start = Clock::now();
        target.copy_out_start("COPY pg_temp.lakemover_speed TO STDOUT");
        std::size_t received = 0;
        for (std::string_view bytes; target.copy_out_next(bytes);) received += bytes.size();
        facts["probe_read_seconds"] = fmt::format("{:.6f}", since(start));
        facts["probe_read_bytes"] = std::to_string(received);
        target.exec("ROLLBACK");
    } catch (const Error& e) {
        if (!target.alive()) throw;
        facts = {{"probe_error", e.what()}};
        target.exec("ROLLBACK");
    }
    return facts;
}

}  // namespace lakemover::loader
