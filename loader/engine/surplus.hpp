// Which rows only one side of a table has: by the hashes of all rows of both. Throws Error, codec::DecodeError.
#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "loader/engine/context.hpp"
#include "loader/validate/table_spec.hpp"

namespace lakemover::loader {

struct RowHashHash {
    std::size_t operator()(const codec::RowHash& h) const { return static_cast<std::size_t>(h.lane1); }
};

struct Surplus {
    codec::Digest source;                                                   // of all rows of the source
    std::unordered_map<codec::RowHash, std::uint64_t, RowHashHash> wanted;  // rows that the target lacks, and how often
    std::uint64_t wanted_rows = 0;
    std::vector<std::string> unwanted;  // ctids of rows that the source lacks, as "(page,number)"
};

// The table must not change meanwhile: the caller has it locked. chunks: of the run, in staging.
Surplus find_surplus(RunContext& run, Pg& staging, Pg& target, const TableSpec& spec,
                     const std::vector<std::string>& chunks, const std::string& copy_out);

}  // namespace lakemover::loader
