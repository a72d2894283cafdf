// Command irsa STUB.
package main

func main() {}
