// Checks an audit directory with nothing but its files and a public key: no server, no network, and no trust in what the
// files say of each other. Throws loader::Error (kUsage) only when there is no such directory or key.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "loader/audit/signing.hpp"

namespace lakemover::loader {

struct Alteration {
    std::string file;
    long long line = 0;  // from 1; 0: the file as a whole
    std::string what;
};

// Whom the reader trusts. Neither given: the key in the directory, which shows integrity but not who signed.
struct TrustedSigner {
    std::optional<PublicKey> key;
    std::string fingerprint;
};

struct Verification {
    std::vector<Alteration> alterations;  // in the order of discovery; empty: intact
    bool signer_known = false;            // the signature was checked with a key that the reader trusts
    std::string fingerprint;              // of the key that it was checked with
    std::string manifest;                 // its text; empty when it could not be read
    std::size_t files = 0;
    long long events = 0;
    std::size_t tables = 0;  // whose figures were compared
};

Verification verify_directory(const std::filesystem::path& dir, const TrustedSigner& signer);

}  // namespace lakemover::loader
