// See rpc.hpp.
#include "wire/rpc.hpp"

#include <algorithm>
#include <cctype>

namespace tds {

namespace {

struct Known {
    int id;
    std::string_view name;
    Procedure procedure;
};

constexpr Known kKnown[] = {{10, "sp_executesql", Procedure::kExecuteSql},
                            {11, "sp_prepare", Procedure::kPrepare},
                            {12, "sp_execute", Procedure::kExecute},
                            {13, "sp_prepexec", Procedure::kPrepareAndExecute},
                            {15, "sp_unprepare", Procedure::kUnprepare}};

constexpr std::size_t kById = 0xFFFF;

bool separates(int byte) { return byte == 0xFF || byte == 0xFE || byte == 0x80; }

Rpc take_name(Reader& reader) {
    Rpc rpc;
    const std::size_t length = reader.take<std::uint16_t>();
    const int id = length == kById ? reader.take<std::uint16_t>() : 0;
    rpc.name = length == kById ? "procedure " + std::to_string(id) : utf8(reader.text(length));
    std::string lower = rpc.name.substr(rpc.name.rfind('.') + 1);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (const Known& known : kKnown) {
        if (known.id == id || known.name == lower) {
            rpc.procedure = known.procedure;
            rpc.name = known.name;
        }
    }
    return rpc;
}

}  // namespace

void skip_headers(Reader& reader) {
    const std::size_t length = reader.take<std::uint32_t>();
    if (length < sizeof(std::uint32_t)) throw Malformed("headers shorter than their own length");
    reader.bytes(length - sizeof(std::uint32_t));
}

std::vector<Rpc> take_rpcs(Reader& reader) {
    std::vector<Rpc> rpcs;
    do {
        Rpc rpc = take_name(reader);
        reader.take<std::uint16_t>();  // options
        while (!reader.at_end() && !separates(reader.next())) {
            RpcParameter parameter;
            parameter.name = utf8(reader.text(static_cast<std::size_t>(reader.byte())));
            reader.byte();  // whether it is an output: only handles are
            const WireType wire = take_type_info(reader);
            parameter.type = wire.type;
            parameter.value = take_value(reader, wire);
            rpc.parameters.push_back(std::move(parameter));
        }
        rpcs.push_back(std::move(rpc));
        if (!reader.at_end()) reader.byte();
    } while (!reader.at_end());
    return rpcs;
}

std::vector<std::string> declared_names(std::string_view definition) {
    std::vector<std::string> names;
    int depth = 0;
    bool wanted = true;
    for (std::size_t i = 0; i < definition.size(); ++i) {
        const char c = definition[i];
        if (c == '@' && wanted) {
            const std::size_t end = std::min(definition.find_first_of(" \t\r\n,", i), definition.size());
            names.emplace_back(definition.substr(i, end - i));
            wanted = false;
        }
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        wanted = wanted || (c == ',' && depth == 0);
    }
    return names;
}

}  // namespace tds
