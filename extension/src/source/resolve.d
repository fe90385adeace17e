extension/src/source/resolve.o: extension/src/source/resolve.cpp \
 extension/src/source/resolve.hpp extension/src/source/driver.hpp \
 extension/src/source/error.hpp
extension/src/source/resolve.hpp:
extension/src/source/driver.hpp:
extension/src/source/error.hpp:
