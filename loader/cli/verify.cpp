// lakemover verify: checks an audit directory, offline.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "loader/audit/verify.hpp"
#include "loader/cli/commands.hpp"

namespace lakemover::loader {

namespace {

using nlohmann::json;

constexpr std::size_t kFingerprintDigits = 64;
constexpr std::size_t kShown = 20;

TrustedSigner trusted(const VerifyOptions& options) {
    TrustedSigner signer;
    if (!options.public_key.empty()) {
        std::ifstream in(options.public_key, std::ios::binary);
        if (!in)
            throw Error(Exit::kUsage, "cannot read the public key \"" + options.public_key + "\"",
                        std::strerror(errno));
        const std::string pem((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
        signer.key = PublicKey::from_pem(pem, "\"" + options.public_key + "\"");
    }
    for (const char c : options.fingerprint)
        if (c != ':' && c != ' ') signer.fingerprint += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const bool hex = std::all_of(signer.fingerprint.begin(), signer.fingerprint.end(),
                                 [](unsigned char c) { return std::isxdigit(c) != 0; });
    if (!signer.fingerprint.empty() && (!hex || signer.fingerprint.size() != kFingerprintDigits))
        throw Error(Exit::kUsage, "\"" + options.fingerprint + "\" is no fingerprint of a key", {},
                    "it has 64 hexadecimal digits: the SHA-256 of the raw public key");
    if (signer.key && !signer.fingerprint.empty() && signer.key->fingerprint() != signer.fingerprint)
        throw Error(Exit::kUsage, "--public-key and --fingerprint are of different keys", {}, "give one of them");
    return signer;
}

std::string text_at(const json& manifest, const char* place) {
    const json value = manifest.value(json::json_pointer(place), json());
    return value.is_string() ? value.get<std::string>() : value.is_null() ? std::string() : value.dump();
}

// Empty when there is none that was signed.
json manifest_of(const Verification& v) { return v.manifest.empty() ? json::object() : json::parse(v.manifest); }

json as_json(const VerifyOptions& options, const Verification& v) {
    const json manifest = manifest_of(v);
    json document{{"directory", options.dir},
                  {"intact", v.alterations.empty()},
                  {"signer_known", v.signer_known},
                  {"fingerprint", v.fingerprint},
                  {"files", v.files},
                  {"events", v.events},
                  {"tables", v.tables},
                  {"kind", text_at(manifest, "/kind")},
                  {"run", text_at(manifest, "/run/id")},
                  {"run_uuid", text_at(manifest, "/run/uuid")},
                  {"verdict", text_at(manifest, "/verdict")},
                  {"sealed_at", text_at(manifest, "/created_at")},
                  {"alterations", json::array()}};
    for (const Alteration& a : v.alterations)
        document["alterations"].push_back({{"file", a.file}, {"line", a.line}, {"what", a.what}});
    return document;
}

void print(const VerifyOptions& options, const Verification& v) {
    const bool intact = v.alterations.empty();
    fmt::print("{} {}\n", options.dir, intact ? "is intact" : "is NOT intact");
    for (std::size_t i = 0; i < v.alterations.size() && i < kShown; ++i) {
        const Alteration& a = v.alterations[i];
        fmt::print("  {}{}: {}\n", a.file, a.line > 0 ? " line " + std::to_string(a.line) : "", a.what);
    }
    if (v.alterations.size() > kShown) fmt::print("  and {} more\n", v.alterations.size() - kShown);
    if (const json manifest = manifest_of(v); !manifest.empty()) {
        const std::string run = text_at(manifest, "/run/id");
        fmt::print("  {}{}{}, sealed {}\n", text_at(manifest, "/kind"),
                   run.empty() ? "" : " of run " + run + " (" + text_at(manifest, "/run/uuid") + ")",
                   text_at(manifest, "/verdict").empty() ? "" : ", verdict " + text_at(manifest, "/verdict"),
                   text_at(manifest, "/created_at"));
    }
    if (intact)
        fmt::print("  {} files and {} events are as they were signed; the figures of {} tables agree with the ledger\n",
                   v.files, v.events, v.tables);
    if (v.signer_known)
        fmt::print("  signed with the trusted key {}\n", v.fingerprint);
    else if (!v.fingerprint.empty())
        fmt::print(
            "  checked with the key in the directory, {}\n"
            "  That shows whether anything was changed since it was signed, not who signed: whoever can replace files\n"
            "  can replace the key. Give the signer's key with --public-key or --fingerprint.\n",
            v.fingerprint);
}

}  // namespace

Exit command_verify(const VerifyOptions& options, bool as_document) {
    const Verification result = verify_directory(options.dir, trusted(options));
    if (as_document)
        fmt::print("{}\n", as_json(options, result).dump(-1, ' ', false, json::error_handler_t::replace));
    else
        print(options, result);
    return result.alterations.empty() ? Exit::kSuccess : Exit::kValidation;
}

}  // namespace lakemover::loader
