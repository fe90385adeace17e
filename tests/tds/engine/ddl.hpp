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

}  // namespace tds
