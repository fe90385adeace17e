// How drivers are told where to connect: connection strings, FreeTDS's sections, what is refused.
#include <gtest/gtest.h>

#include "source/odbc/connect_plan.hpp"

namespace {

using namespace lakemover::source;
using namespace lakemover::source::odbc;

ConnectParams params() {
    ConnectParams p;
    p.engine = "sqlserver";
    p.options = {{"host", "db.example.com"}, {"port", "1444"}, {"dbname", "shop"}};
    p.user = "reader";
    p.password = "secret";
    return p;
}

TEST(OdbcConnect, EncryptsAndChecksTheCertificateByDefault) {
    const std::string conf = freetds_conf(endpoint_of(params()), "s");
    EXPECT_NE(conf.find("encryption = require"), std::string::npos) << conf;
    EXPECT_NE(conf.find("check certificate hostname = yes"), std::string::npos) << conf;
    EXPECT_NE(conf.find("ca file = "), std::string::npos) << conf;
    EXPECT_NE(conf.find("port = 1444"), std::string::npos) << conf;
    EXPECT_EQ(conf.find("secret"), std::string::npos);
}

TEST(OdbcConnect, TrustAndNoEncryptionAreExplicit) {
    ConnectParams p = params();
    p.options["trust_server_certificate"] = "yes";
    EXPECT_EQ(freetds_conf(endpoint_of(p), "s").find("ca file"), std::string::npos);
    p.options["encrypt"] = "no";
    EXPECT_NE(freetds_conf(endpoint_of(p), "s").find("encryption = off"), std::string::npos);
    p.engine = "azure_sql";
    EXPECT_THROW(endpoint_of(p), Error) << "Azure SQL is never spoken to in the clear";
}

TEST(OdbcConnect, FreeTdsPasswordsThatAStringCannotHoldTravelWithoutOne) {
    ConnectParams p = params();
    p.password = "p@ss}{=' word";
    ConnectPlan plan = plan_connection(endpoint_of(p), DriverFamily::kFreeTds);
    EXPECT_NE(plan.connection_string.find("PWD=p@ss}{=' word;"), std::string::npos);
    for (const char* ugly : {"a;b", "{a", "a};UID=sa"}) {
        p.password = ugly;
        plan = plan_connection(endpoint_of(p), DriverFamily::kFreeTds);
        EXPECT_TRUE(plan.connection_string.empty()) << ugly;
        EXPECT_EQ(plan.password, ugly);
        EXPECT_FALSE(plan.dsn.empty());
    }
}

TEST(OdbcConnect, MicrosoftBracesAreDoubled) {
    ConnectParams p = params();
    p.password = "a;b}c{d=";
    const ConnectPlan plan = plan_connection(endpoint_of(p), DriverFamily::kMicrosoft);
    EXPECT_NE(plan.connection_string.find("PWD={a;b}}c{d=};"), std::string::npos) << plan.connection_string;
    EXPECT_NE(plan.connection_string.find("SERVER=tcp:db.example.com,1444;"), std::string::npos);
    EXPECT_NE(plan.connection_string.find("Encrypt=yes;TrustServerCertificate=no;ApplicationIntent=ReadOnly"),
              std::string::npos);
}

TEST(OdbcConnect, NothingOfAnOptionBecomesAnotherSetting) {
    for (const auto& [key, value] : std::map<std::string, std::string>{{"host", "h;DumpFile=/tmp/x"},
                                                                       {"dbname", "d\n\tdump file = /tmp/x"},
                                                                       {"driver", "/lib/evil.so"},
                                                                       {"sslrootcert", "/ca\n[other]"},
                                                                       {"application_name", "a;PWD=x"}}) {
        ConnectParams p = params();
        p.options[key] = value;
        EXPECT_THROW(endpoint_of(p), Error) << key;
    }
}

TEST(OdbcConnect, WhatADriverCannotDoIsSaid) {
    ConnectParams p = params();
    p.options["authentication"] = "entra_password";
    try {
        plan_connection(endpoint_of(p), DriverFamily::kFreeTds);
        FAIL() << "FreeTDS knows no Entra logins";
    } catch (const Error& e) {
        EXPECT_EQ(e.sqlstate, "0A000");
        EXPECT_NE(e.hint.find("ODBC Driver 18"), std::string::npos);
    }
    EXPECT_NE(
        plan_connection(endpoint_of(p), DriverFamily::kMicrosoft).connection_string.find("ActiveDirectoryPassword"),
        std::string::npos);
}

TEST(OdbcConnect, NobodyBorrowsTheServersIdentity) {
    ConnectParams p = params();
    p.password_required = true;
    p.password.clear();
    EXPECT_THROW(endpoint_of(p), Error);
    p.password = "x";
    p.options["authentication"] = "kerberos";
    EXPECT_THROW(endpoint_of(p), Error);
}

}  // namespace
