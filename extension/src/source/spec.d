extension/src/source/spec.o: extension/src/source/spec.cpp \
 extension/src/source/spec.hpp extension/src/source/driver.hpp \
 extension/src/source/error.hpp
extension/src/source/spec.hpp:
extension/src/source/driver.hpp:
extension/src/source/error.hpp:
