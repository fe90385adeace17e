// Finds the socket of a connection that a driver has just made: no ODBC call tells it. Pure zone; no throw.
#pragma once
#include <set>

namespace lakemover::source::odbc {

// The process's socket descriptors.
std::set<int> open_sockets() noexcept;
// The one that has been connected over TCP since; -1 when there is none or more than one.
int new_connected_socket(const std::set<int>& before) noexcept;

// Shuts down every TCP socket that came since: what a driver is connecting over, in whatever state.
void shut_new_sockets(const std::set<int>& before) noexcept;

}  // namespace lakemover::source::odbc
