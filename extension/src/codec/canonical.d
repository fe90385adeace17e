extension/src/codec/canonical.o: extension/src/codec/canonical.cpp \
 extension/src/codec/canonical.hpp extension/src/codec/digest.hpp \
 extension/src/codec/error.hpp
extension/src/codec/canonical.hpp:
extension/src/codec/digest.hpp:
extension/src/codec/error.hpp:
