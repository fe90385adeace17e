extension/src/source/postgres/copy.o: \
 extension/src/source/postgres/copy.cpp \
 extension/src/source/postgres/connection.hpp \
 extension/src/source/postgres/libpq.hpp extension/src/source/driver.hpp \
 extension/src/source/error.hpp
extension/src/source/postgres/connection.hpp:
extension/src/source/postgres/libpq.hpp:
extension/src/source/driver.hpp:
extension/src/source/error.hpp:
