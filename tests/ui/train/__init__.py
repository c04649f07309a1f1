"""The routes of the Train page. A package, so that its tests share one app and one run that is done."""
