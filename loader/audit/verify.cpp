// Signature, manifest, files and chains of an audit directory.
#include "loader/audit/verify.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>
#include <utility>

#include "loader/audit/chained_log.hpp"
#include "loader/audit/manifest.hpp"
#include "loader/audit/posix_file.hpp"
#include "loader/audit/verify_figures.hpp"
#include "loader/util/error.hpp"

namespace lakemover::loader {
namespace {

using nlohmann::json;

constexpr std::size_t kSignatureBytes = 64;

// Empty when there are fewer lines.
std::string_view line_at(std::string_view content, long long number) {
    for (; number > 1 && !content.empty(); --number) {
        const std::size_t end = content.find('\n');
        content.remove_prefix(end == std::string_view::npos ? content.size() : end + 1);
    }
    return content.substr(0, content.find('\n'));
}

class Verifier {
public:
    Verifier(std::filesystem::path dir, const TrustedSigner& signer) : dir_(std::move(dir)), signer_(signer) {
        fd_ = FileDescriptor(::open(dir_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!fd_.valid())
            throw Error(Exit::kUsage, "cannot open the audit directory \"" + dir_.string() + "\"",
                        std::generic_category().message(errno));
    }

    Verification run() {
        // Nothing in the directory means anything before its manifest is known to be the signed one.
        if (signature() && manifest()) {
            files();
            earlier_manifests();
            const auto text = [this](const std::string& name) { return content(name); };
            if (listed_.contains("reconciliation.json"))
                result_.tables = verify_figures(manifest_, text, result_.alterations);
        }
        return std::move(result_);
    }

private:
    void altered(const std::string& file, const std::string& what, long long line = 0) {
        result_.alterations.push_back({file, line, what});
    }

    // Nothing when the file is not there or cannot be read.
    std::optional<std::string_view> content(const std::string& name) {
        auto known = mapped_.find(name);
        if (known == mapped_.end()) {
            std::unique_ptr<MappedFile> file;
            try {
                file = std::make_unique<MappedFile>(fd_.get(), dir_, name);
            } catch (const Error&) {
                // Told by whoever asks: missing, or no regular file.
            }
            known = mapped_.emplace(name, std::move(file)).first;
        }
        if (!known->second) return std::nullopt;
        return known->second->bytes();
    }

    // The key to check with: the trusted one, or else the directory's.
    bool find_key() {
        const auto pem = content(kPublicKeyFile);
        if (!pem) {
            altered(kPublicKeyFile, "is missing");
        } else {
            try {
                key_ = PublicKey::from_pem(*pem, kPublicKeyFile);
            } catch (const Error&) {
                altered(kPublicKeyFile, "is no public key any more");
            }
        }
        const std::string wanted = signer_.key ? signer_.key->fingerprint() : signer_.fingerprint;
        const bool other = key_ && !wanted.empty() && key_->fingerprint() != wanted;
        if (other) altered(kPublicKeyFile, "its key " + key_->fingerprint() + " is not the trusted one, " + wanted);
        if (signer_.key)
            key_ = PublicKey::from_pem(signer_.key->pem(), "the trusted key");
        else if (other)
            key_.reset();
        return key_.has_value();
    }

    bool signature() {
        const auto text = content(kManifestFile);
        const auto encoded = content(kSignatureFile);
        if (!text) altered(kManifestFile, "is missing: the directory was not sealed, or the file was removed");
        if (!encoded) altered(kSignatureFile, "is missing: the directory was not signed, or the file was removed");
        if (!text || !encoded) return false;
        if (!find_key()) return false;
        result_.fingerprint = key_->fingerprint();
        std::string signature;
        try {
            signature = base64_decode(*encoded);
        } catch (const Error&) {
            // Of a length that no signature has.
        }
        if (signature.size() != kSignatureBytes) {
            altered(kSignatureFile, "is no signature any more");
            return false;
        }
        if (!key_->verifies(*text, signature)) {
            altered(kManifestFile, "does not fit the signature in " + std::string(kSignatureFile) + " under the key " +
                                       key_->fingerprint() + ": one of the two was altered, or another key signed");
            return false;
        }
        result_.signer_known = signer_.key || !signer_.fingerprint.empty();
        return true;
    }

    bool manifest() {
        try {
            for (ManifestEntry& entry : manifest_entries(*content(kManifestFile))) {
                const std::string name = entry.name;
                listed_.emplace(name, std::move(entry));
            }
        } catch (const Error& e) {
            altered(kManifestFile, std::string(e.what()) + ": " + e.detail);
            return false;
        }
        result_.manifest = *content(kManifestFile);
        manifest_ = json::parse(result_.manifest);
        const std::string named = manifest_.value("/signer/fingerprint"_json_pointer, "");
        if (named != result_.fingerprint) altered(kPublicKeyFile, "is not the key that the manifest names, " + named);
        return true;
    }

    std::vector<std::string> names_there() const {
        std::vector<std::string> names;
        const int copy = ::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR* listing = copy >= 0 ? ::fdopendir(copy) : nullptr;
        if (!listing) return names;
        while (const dirent* entry = ::readdir(listing))
            if (const std::string name = entry->d_name; name != "." && name != "..") names.push_back(name);
        ::closedir(listing);
        std::sort(names.begin(), names.end());
        return names;
    }

    void files() {
        for (const auto& [name, entry] : listed_) {
            const auto bytes = content(name);
            if (!bytes) {
                altered(name, "is missing");
                continue;
            }
            ++result_.files;
            const bool same = bytes->size() == entry.size && sha256_hex(*bytes) == entry.sha256;
            const bool chain = manifest_.contains(json::json_pointer("/chains/" + name));
            // A chain says which line; the whole file's digest only that there is one.
            const bool located = chain && check_chain(name, *bytes);
            if (same || located) continue;
            altered(name, bytes->size() == entry.size
                              ? std::string("was altered: same size, another content")
                              : fmt::format("was altered: {} bytes instead of {}", bytes->size(), entry.size));
        }
        for (const std::string& name : names_there())
            if (!listed_.contains(name) && name != kManifestFile && name != kSignatureFile)
                altered(name, "is not in the manifest: it was added");
    }

    // True when it found what is wrong.
    bool check_chain(const std::string& name, std::string_view bytes) {
        const json& recorded = manifest_["chains"][name];
        const long long lines = recorded.value("lines", 0LL);
        const std::string end = recorded.value("head", "");
        ChainHead head;
        if (const auto broken = verify_chain(bytes, &head)) {
            const bool link = broken->reason.find("digest") != std::string::npos;
            const long long line = link ? altered_line(bytes, broken->line, end) : broken->line;
            altered(name, link ? "was altered: its digest is not the one that the next line holds" : broken->reason,
                    line);
            return true;
        }
        if (name == kEventsFile) result_.events = head.sequence;
        if (head.sequence < lines)
            altered(name, fmt::format("the last {} of {} lines are missing", lines - head.sequence, lines),
                    head.sequence + 1);
        else if (head.sequence > lines)
            altered(name, fmt::format("{} lines were added after the last of {}", head.sequence - lines, lines),
                    lines + 1);
        else if (head.digest != end)
            altered(name, "was altered: it is not the last line that was signed", head.sequence);
        else
            return false;
        return true;
    }

    // A directory that was sealed again holds its earlier manifests: each was signed by the same key, and its chains are
    // the beginnings of today's.
    void earlier_manifests() {
        const long long seal = manifest_.value("seal", 1LL);
        for (long long n = 1; n < seal; ++n) {
            const std::string stem = "manifest-" + std::to_string(n);
            const auto text = content(stem + ".json");
            const auto encoded = content(stem + ".sig");
            if (!text || !encoded) continue;  // told before, if it was listed
            bool good = false;
            try {
                good = key_->verifies(*text, base64_decode(*encoded));
            } catch (const Error&) {
                // No base64.
            }
            if (!good)
                altered(stem + ".json", "does not fit its signature in " + stem + ".sig");
            else
                check_beginnings(stem + ".json", json::parse(*text));
        }
    }

    void check_beginnings(const std::string& name, const json& manifest) {
        const json chains = manifest.value("chains", json::object());
        for (const auto& [log, chain] : chains.items()) {
            const auto bytes = content(log);
            const long long lines = chain.value("lines", 0LL);
            if (bytes && lines > 0 && sha256_hex(line_at(*bytes, lines)) != chain.value("head", ""))
                altered(log, "was altered: it does not hold what " + name + " signed", lines);
        }
    }

    std::filesystem::path dir_;
    const TrustedSigner& signer_;
    std::optional<PublicKey> key_;
    FileDescriptor fd_;
    std::map<std::string, std::unique_ptr<MappedFile>> mapped_;
    std::map<std::string, ManifestEntry> listed_;
    json manifest_;
    Verification result_;
};

}  // namespace

Verification verify_directory(const std::filesystem::path& dir, const TrustedSigner& signer) {
    return Verifier(dir, signer).run();
}

}  // namespace lakemover::loader
