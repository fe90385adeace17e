// The first exchange of a connection: whether and how far it is encrypted.
#pragma once
#include "wire/stream.hpp"

namespace tds {

enum class Encryption { kNone, kLoginOnly, kWhole };

// Answers a PRELOGIN, shakes hands. Throws Malformed where the client cannot do what the server requires.
Encryption negotiate(Stream& stream, const Message& prelogin, const TlsContext& context, bool require);

}  // namespace tds
