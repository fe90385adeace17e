// Failures of a source, in the pure zone: no server header, no driver header.
// Owns the one error type that drivers throw; the pg zone turns it into ereport, in one place.
#pragma once
#include <stdexcept>
#include <string>
#include <utility>

namespace lakemover::source {

// Drives retries and the SQLSTATE that a client of the extension sees.
enum class ErrorKind { kConnect, kAuth, kCancelled, kTransient, kData, kUnsupported, kConfig, kInternal };

struct Error : std::runtime_error {
    Error(ErrorKind k, std::string state, std::string msg, std::string det = {}, std::string h = {})
        : std::runtime_error(std::move(msg)), kind(k), sqlstate(std::move(state)), detail(std::move(det)),
          hint(std::move(h)) {}
    ErrorKind kind;
    std::string sqlstate;  // five characters; the remote's own where it gave one
    int native = 0;        // the engine's own number, SQL Server's for instance
    std::string detail;    // the remote's text
    std::string hint;      // what to do
};

}  // namespace lakemover::source
