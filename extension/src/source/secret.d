extension/src/source/secret.o: extension/src/source/secret.cpp \
 extension/src/source/secret.hpp extension/src/source/driver.hpp \
 extension/src/source/error.hpp
extension/src/source/secret.hpp:
extension/src/source/driver.hpp:
extension/src/source/error.hpp:
