// What an error asks for, by SQLSTATE and by the native numbers of SQL Server and Azure SQL: one table for the
// whole loader. Throws nothing.
#pragma once
#include <string>

#include "loader/util/error.hpp"

namespace lakemover::loader {

enum class Response {
    kRetry,      // costs an attempt; the next one may go well
    kFail,       // the same again next time: a matter of the data or of definitions
    kOutage,     // a server is away: wait, no attempt is used up
    kNewSecret,  // a password or token that is not valid any more: ask for another one
};

// native: SQL Server's number, 0 for none; it says more than the SQLSTATE.
Response response_to(const std::string& sqlstate, int native, bool connection_lost);

// Of an error as the loader has it; the native number is in the detail that the source's driver wrote.
Response response_to(const Error& error);

}  // namespace lakemover::loader
