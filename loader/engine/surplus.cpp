#include "loader/engine/surplus.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <future>

#include "loader/validate/stream_rows.hpp"
#include "loader/validate/target_reader.hpp"

namespace lakemover::loader {

namespace {

constexpr std::uint64_t kMostRows = 20'000'000;  // a side; 16 and 24 bytes each in memory

struct Placed {
    codec::RowHash hash;
    std::uint64_t place;  // page and number of its ctid
};

bool before(const codec::RowHash& a, const codec::RowHash& b) {
    return a.lane1 != b.lane1 ? a.lane1 < b.lane1 : a.lane2 < b.lane2;
}

std::uint64_t place_of(std::string_view ctid) {
    std::uint64_t page = 0;
    std::uint64_t number = 0;
    const char* end = ctid.data() + ctid.size();
    const auto first = std::from_chars(ctid.data() + 1, end, page);
    const auto second = std::from_chars(first.ptr + 1, end, number);
    if (ctid.size() < 5 || first.ec != std::errc{} || second.ec != std::errc{})
        throw Error(Exit::kOther, "target: not a ctid: " + std::string(ctid));
    return page << 16U | number;
}

void check_size(const TableSpec& spec, std::uint64_t rows) {
    if (rows > kMostRows)
        throw Error(Exit::kUsage,
                    spec.target_name() + " has more than " + std::to_string(kMostRows) +
                        " rows, too many to be compared one by one",
                    {}, "load it again: a plan with this table alone, and --on-existing=drop");
}

}  // namespace

Surplus find_surplus(RunContext& run, Pg& staging, Pg& target, const TableSpec& spec,
                     const std::vector<std::string>& chunks, const std::string& copy_out) {
    std::atomic<bool> given_up{false};
    const CheckCancel check = [&] {
        run.cancel.check();
        if (given_up) throw Error(Exit::kCancelled, "the other side could not be read");
    };
    Surplus result;
    std::vector<Placed> there;
    // Both sides at the same time: each is a server of its own.
    auto target_read = std::async(std::launch::async, [&] {
        RowReader target_reader(spec, run.hash_key);
        const TargetReader reader(spec, run.hash_key, copy_out, check);
        reader.visit(target, {"t.ctid::text"}, [&](const std::vector<Cell>& cells) {
            there.push_back({target_reader.add(cells, 1), place_of(cells[0].bytes)});
            if (there.size() % 65536 == 0) check_size(spec, there.size());
        });
        std::sort(there.begin(), there.end(), [](const Placed& a, const Placed& b) { return before(a.hash, b.hash); });
    });
    std::vector<codec::RowHash> source;
    RowReader source_reader(spec, run.hash_key);
    try {
        for (const std::string& chunk : chunks)
            stream_rows(staging, run.run_id, chunk, spec, check, [&](const std::vector<Cell>& cells) {
                source.push_back(source_reader.add(cells));
                if (source.size() % 65536 == 0) check_size(spec, source.size());
            });
    } catch (...) {
        given_up = true;
        throw;  // the future waits for its thread
    }
    result.source = source_reader.result().digest;
    std::sort(source.begin(), source.end(), before);
    target_read.get();
    auto s = source.begin();
    auto t = there.begin();
    while (s != source.end() || t != there.end()) {
        if (t == there.end() || (s != source.end() && before(*s, t->hash))) {
            ++result.wanted[*s++];
            ++result.wanted_rows;
        } else if (s == source.end() || before(t->hash, *s)) {
            result.unwanted.push_back("(" + std::to_string(t->place >> 16U) + "," + std::to_string(t->place & 0xffffU) +
                                      ")");
            ++t;
        } else {
            ++s;
            ++t;
        }
    }
    return result;
}

}  // namespace lakemover::loader
