// See catalog_types.hpp.
#include "engine/catalog_types.hpp"

#include "engine/text.hpp"
#include "engine/types.hpp"

namespace tds {

const std::vector<SystemType>& system_types() {
    static const std::vector<SystemType> types = {SystemType{"image", 34, 34},
                                                  SystemType{"text", 35, 35},
                                                  SystemType{"uniqueidentifier", 36, 36},
                                                  SystemType{"date", 40, 40},
                                                  SystemType{"time", 41, 41},
                                                  SystemType{"datetime2", 42, 42},
                                                  SystemType{"datetimeoffset", 43, 43},
                                                  SystemType{"tinyint", 48, 48},
                                                  SystemType{"smallint", 52, 52},
                                                  SystemType{"int", 56, 56},
                                                  SystemType{"smalldatetime", 58, 58},
                                                  SystemType{"real", 59, 59},
                                                  SystemType{"money", 60, 60},
                                                  SystemType{"datetime", 61, 61},
                                                  SystemType{"float", 62, 62},
                                                  SystemType{"sql_variant", 98, 98},
                                                  SystemType{"ntext", 99, 99},
                                                  SystemType{"bit", 104, 104},
                                                  SystemType{"decimal", 106, 106},
                                                  SystemType{"numeric", 108, 108},
                                                  SystemType{"smallmoney", 122, 122},
                                                  SystemType{"bigint", 127, 127},
                                                  SystemType{"hierarchyid", 240, 128},
                                                  SystemType{"geometry", 240, 129},
                                                  SystemType{"geography", 240, 130},
                                                  SystemType{"varbinary", 165, 165},
                                                  SystemType{"varchar", 167, 167},
                                                  SystemType{"binary", 173, 173},
                                                  SystemType{"char", 175, 175},
                                                  SystemType{"timestamp", 189, 189},
                                                  SystemType{"nvarchar", 231, 231},
                                                  SystemType{"nchar", 239, 239},
                                                  SystemType{"xml", 241, 241},
                                                  SystemType{"sysname", 231, 256}};
    return types;
}

int system_type_id(const Type& type) {
    const std::string name = base_name(type);
    for (const SystemType& known : system_types()) {
        if (name == known.name) {
            return known.id;
        }
    }
    return 0;
}

int system_type_id(const StoredColumn& column) { return column.is_clr() ? 240 : system_type_id(column.type); }

int user_type_id(const Database& database, const StoredColumn& column) {
    for (const SystemType& known : system_types()) {
        if (column.alias_type == known.name) {
            return known.user_id;
        }
    }
    for (std::size_t i = 0; i < database.alias_types.size(); ++i) {
        if (!column.alias_type.empty() && same_name(database.alias_types[i].name, column.alias_type)) {
            return kFirstAliasId + static_cast<int>(i);
        }
    }
    return system_type_id(column.type);
}

std::optional<std::string> type_name_of(const Database& database, int id) {
    for (const SystemType& known : system_types()) {
        if (known.user_id == id) {
            return known.name;
        }
    }
    const auto& aliases = database.alias_types;
    const auto place = static_cast<std::size_t>(id - kFirstAliasId);
    return id >= kFirstAliasId && place < aliases.size() ? std::optional<std::string>(aliases[place].name)
                                                         : std::nullopt;
}

void shape_of(const Type& type, int& precision, int& scale) {
    precision = type.precision;
    scale = type.scale;
    switch (type.kind) {
        case Kind::kBit: precision = 1; break;
        case Kind::kTinyint: precision = 3; break;
        case Kind::kSmallint: precision = 5; break;
        case Kind::kInt: precision = 10; break;
        case Kind::kBigint: precision = 19; break;
        case Kind::kReal: precision = 24; break;
        case Kind::kFloat: precision = 53; break;
        case Kind::kMoney:
            precision = 19;
            scale = 4;
            break;
        case Kind::kSmallmoney:
            precision = 10;
            scale = 4;
            break;
        case Kind::kDate: precision = 10; break;
        case Kind::kDatetime:
            precision = 23;
            scale = 3;
            break;
        case Kind::kSmalldatetime: precision = 16; break;
        case Kind::kTime: precision = 8 + (scale > 0 ? scale + 1 : 0); break;
        case Kind::kDatetime2: precision = 19 + (scale > 0 ? scale + 1 : 0); break;
        case Kind::kDatetimeoffset: precision = 26 + (scale > 0 ? scale + 1 : 0); break;
        default: break;
    }
}

}  // namespace tds
