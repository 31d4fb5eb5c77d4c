package dev.edgebert.demo

import android.app.Application
import android.content.Context

/** The app; holds what its screens are made of. */
class DemoApp : Application() {
    var services: Services = Services(this)

    companion object {
        fun services(context: Context): Services = (context.applicationContext as DemoApp).services
    }
}
