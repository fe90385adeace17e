// Foreign server options and credentials as connection strings and FreeTDS sections: what is not refused arrives as it
// was given and sets nothing else, read back by the rules of each driver.
#include <map>

#include "fuzz.hpp"
#include "source/odbc/connect_plan.hpp"

using namespace lakemover::source;
using namespace lakemover::source::odbc;

namespace {

using Settings = std::map<std::string, std::string>;

void set(Settings& settings, const std::string& key, const std::string& value, std::string_view all) {
    fuzz::require(settings.emplace(key, value).second, "a setting comes twice", key, all);
}

// ODBC: KEYWORD=value; a value in braces ends at a closing one that is not doubled.
Settings by_odbc_rules(const std::string& text) {
    Settings settings;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t equals = text.find('=', at);
        fuzz::require(equals != std::string::npos, "not KEY=VALUE", text);
        const std::string key = text.substr(at, equals - at);
        std::string value;
        at = equals + 1;
        if (at < text.size() && text[at] == '{') {
            for (++at;; ++at) {
                fuzz::require(at < text.size(), "an open brace", text);
                if (text[at] == '}') {
                    if (at + 1 < text.size() && text[at + 1] == '}')
                        ++at;
                    else
                        break;
                }
                value += text[at];
            }
            ++at;
        } else {
            while (at < text.size() && text[at] != ';') value += text[at++];
        }
        fuzz::require(at < text.size() && text[at] == ';', "something behind a value", text);
        ++at;
        set(settings, key, value, text);
    }
    return settings;
}

// FreeTDS: a value ends at the first semicolon, or at "};" when it began with a brace; nothing is doubled.
Settings by_freetds_rules(const std::string& text) {
    Settings settings;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t equals = text.find('=', at);
        fuzz::require(equals != std::string::npos, "not KEY=VALUE", text);
        const bool brace = equals + 1 < text.size() && text[equals + 1] == '{';
        const std::size_t from = equals + 1 + (brace ? 1 : 0);
        const std::size_t end = text.find(brace ? "};" : ";", from);
        fuzz::require(end != std::string::npos, "a value without an end", text);
        set(settings, text.substr(at, equals - at), text.substr(from, end - from), text);
        at = end + (brace ? 2 : 1);
    }
    return settings;
}

// One section of "key = value" lines; blanks around both do not count.
Settings by_ini_rules(const std::string& text, const std::string& section) {
    Settings settings;
    const auto trimmed = [](std::string_view part) {
        while (!part.empty() && (part.front() == ' ' || part.front() == '\t')) part.remove_prefix(1);
        while (!part.empty() && (part.back() == ' ' || part.back() == '\t')) part.remove_suffix(1);
        return std::string(part);
    };
    std::size_t at = 0;
    for (bool first = true; at < text.size(); first = false) {
        const std::size_t end = text.find('\n', at);
        fuzz::require(end != std::string::npos, "a line without an end", text);
        const std::string line = text.substr(at, end - at);
        at = end + 1;
        if (first) {
            fuzz::require(line == "[" + section + "]", "the section's name", text);
            continue;
        }
        const std::size_t equals = line.find('=');
        fuzz::require(equals != std::string::npos && line.find_first_of("[;#") == std::string::npos, "a line", text,
                      line);
        set(settings, trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1)), text);
    }
    return settings;
}

void equal(const Settings& settings, const char* key, const std::string& wanted, const std::string& text) {
    const auto found = settings.find(key);
    fuzz::require(found != settings.end() && found->second == wanted, std::string(key) + " is not what was given",
                  wanted, text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input in(data, size);
    ConnectParams params;
    params.engine = "sqlserver";
    const std::uint8_t flags = in.byte();
    if ((flags & 1U) != 0) params.options["encrypt"] = "no";
    if ((flags & 2U) != 0) params.options["trust_server_certificate"] = "yes";
    static constexpr const char* kOptions[] = {"host",     "dbname",           "port",        "driver",
                                               "instance", "application_name", "sslrootcert", "authentication"};
    params.options["host"] = "h";
    params.options["dbname"] = "d";
    for (int i = in.byte() % 4; i > 0; --i) {
        const char* option = kOptions[in.byte() % std::size(kOptions)];
        params.options[option] = std::string(in.text(in.byte() % 20));
    }
    // C strings on both ends.
    params.user = std::string(in.text(in.byte() % 30));
    params.password = std::string(in.rest());
    for (std::string* text : {&params.user, &params.password}) std::erase(*text, '\0');
    Endpoint e;
    try {
        e = endpoint_of(params);
    } catch (const Error&) {
        return 0;
    }
    // The extension's validator knows the valid values of these.
    for (const DriverFamily family : {DriverFamily::kMicrosoft, DriverFamily::kFreeTds, DriverFamily::kOther}) {
        ConnectPlan plan;
        try {
            plan = plan_connection(e, family);
        } catch (const Error&) {
            continue;
        }
        if (plan.connection_string.empty()) {
            fuzz::require(plan.user == e.user && plan.password == e.password, "credentials change", plan.password,
                          e.password);
            continue;
        }
        const std::string& text = plan.connection_string;
        const Settings settings = family == DriverFamily::kFreeTds ? by_freetds_rules(text) : by_odbc_rules(text);
        equal(settings, "DRIVER", e.driver, text);
        equal(settings, "DATABASE", e.database, text);
        if (settings.count("UID") != 0) equal(settings, "UID", e.user, text);
        if (settings.count("PWD") != 0) equal(settings, "PWD", e.password, text);
        fuzz::require(settings.size() <= 10, "more settings than there are", text);
        if (family == DriverFamily::kMicrosoft) {
            equal(settings, "Encrypt", e.encrypt ? "yes" : "no", text);
            equal(settings, "TrustServerCertificate", e.trust_server_certificate ? "yes" : "no", text);
            equal(settings, "SERVER", "tcp:" + e.host + (e.instance.empty() ? "," + e.port : "\\" + e.instance), text);
        }
    }
    const std::string section = section_of(e);
    const Settings conf = by_ini_rules(freetds_conf(e, section), section);
    equal(conf, "host", e.host, section);
    equal(conf, "encryption", e.encrypt ? "require" : "off", section);
    fuzz::require(conf.count("ca file") == (e.encrypt && !e.trust_server_certificate ? 1U : 0U),
                  "the certificate's check");
    const Settings ini = by_ini_rules(odbc_ini(e, section), section);
    equal(ini, "Driver", e.driver, section);
    equal(ini, "Database", e.database, section);
    return 0;
}
