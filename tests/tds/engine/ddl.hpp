// CREATE, ALTER, DROP and the like of the test server, from tokens. What it does not know is error 102, loudly.
#pragma once
#include <string>
#include <vector>

#include "engine/store.hpp"
#include "tsql/lexer.hpp"

namespace tds {

using lakemover::tsql::Tok;
using lakemover::tsql::Token;

// Whether the statement at the token is one for execute_ddl().
bool is_ddl(const std::vector<Token>& tokens, std::size_t at);
// Carries out the statement that starts at the token; returns the index behind it.
std::size_t execute_ddl(Database& database, const std::vector<Token>& tokens, std::size_t at,
                        const std::string& source);
// A type as it is written, with its alias types. args as in "10", "MAX"; default_length: of CAST (30) or a column (1).
Type type_of(const Database& database, const std::vector<std::string>& name, const std::vector<std::string>& args,
             int default_length);

}  // namespace tds
