// LOGIN7 and its answer.
#pragma once
#include <memory>

#include "engine.hpp"
#include "wire/stream.hpp"

namespace tds {

// Nothing when the engine refused, which the client has then been told. Throws Malformed.
std::unique_ptr<Session> log_in(Stream& stream, Engine& engine, int spid, const Message& login7, bool encrypted);

}  // namespace tds
