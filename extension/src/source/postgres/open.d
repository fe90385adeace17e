extension/src/source/postgres/open.o: \
 extension/src/source/postgres/open.cpp \
 extension/src/source/postgres/libpq.hpp extension/src/source/driver.hpp \
 extension/src/source/error.hpp extension/src/source/resolve.hpp
extension/src/source/postgres/libpq.hpp:
extension/src/source/driver.hpp:
extension/src/source/error.hpp:
extension/src/source/resolve.hpp:
