extension/src/source/postgres/errors.o: \
 extension/src/source/postgres/errors.cpp \
 extension/src/source/postgres/libpq.hpp extension/src/source/driver.hpp \
 extension/src/source/error.hpp
extension/src/source/postgres/libpq.hpp:
extension/src/source/driver.hpp:
extension/src/source/error.hpp:
