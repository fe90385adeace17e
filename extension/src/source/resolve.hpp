// Name resolution that can be cancelled: getaddrinfo() blocks for as long as the resolver likes, so
// it runs on a thread and the caller waits for that. Pure zone: throws source::Error and what the waiter throws.
#pragma once
#include <string>
#include <vector>

#include "source/driver.hpp"

namespace lakemover::source {

// Numeric addresses of a host name, in the resolver's order, at least one. A thread whose caller
// gave up finishes on its own and frees what it shares with nobody.
std::vector<std::string> resolve_host(const std::string& host, Waiter& waiter, int timeout_s);

}  // namespace lakemover::source
