// A server for tests that speaks TDS 7.4 and as much T-SQL as lakemover sends. Not SQL Server: see README.md.
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <thread>

#include <CLI/CLI.hpp>

#include "engine/server_engine.hpp"
#include "wire/server.hpp"

namespace {

std::string contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

tds::Server* running = nullptr;

void stop_it(int) {
    if (running == nullptr) {
        std::_Exit(1);  // a script runs, and nobody is served yet
    }
    running->stop();
}

}  // namespace

int main(int argc, char** argv) {
    tds::EngineOptions engine_options;
    tds::Options options;
    std::vector<std::string> scripts;
    std::string port_file;
    CLI::App app("A server for tests that speaks TDS");
    app.add_option("--host", options.host);
    app.add_option("--port", options.port, "0: any");
    app.add_option("--port-file", port_file, "written when clients can connect");
    app.add_option("--certificate", options.certificate, "PEM; without one there is no encryption");
    app.add_option("--key", options.key);
    app.add_flag("--require-encryption", options.require_encryption);
    app.add_option("--database", engine_options.database);
    app.add_option("--collation", engine_options.collation);
    app.add_option("--user", engine_options.user);
    app.add_option("--password", engine_options.password)->envname("TDS_PASSWORD");
    app.add_flag("--log-statements", engine_options.log_statements, "each statement, on standard error");
    app.add_option("scripts", scripts, "T-SQL to begin with");
    CLI11_PARSE(app, argc, argv);
    try {
        for (const int signal : {SIGTERM, SIGINT, SIGQUIT}) {
            std::signal(signal, stop_it);
        }
        tds::ServerEngine engine(engine_options);
        for (const std::string& script : scripts) {
            engine.run_script(contents(script));
        }
        tds::Server server(engine, options);
        running = &server;
        if (!port_file.empty()) {
            // Whoever waits for the file finds it whole.
            std::ofstream(port_file + ".new") << server.port() << "\n";
            std::rename((port_file + ".new").c_str(), port_file.c_str());
        }
        std::cout << "listening on " << options.host << " port " << server.port() << std::endl;
        server.run();
        running = nullptr;
    } catch (const std::exception& e) {
        std::cerr << "tds_server: " << e.what() << "\n";
        return 1;
    }
    return 0;
}
