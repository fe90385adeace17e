extension/src/pg/server_options.o: extension/src/pg/server_options.cpp \
 extension/src/pg/server_options.hpp extension/src/pg/bridge.hpp \
 extension/src/pg/server.hpp extension/src/pg/pg_try.h \
 extension/src/source/driver.hpp extension/src/source/error.hpp \
 extension/src/source/secret.hpp
extension/src/pg/server_options.hpp:
extension/src/pg/bridge.hpp:
extension/src/pg/server.hpp:
extension/src/pg/pg_try.h:
extension/src/source/driver.hpp:
extension/src/source/error.hpp:
extension/src/source/secret.hpp:
